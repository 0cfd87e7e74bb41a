"""The tags losses of a config, with the strategies and fields that its keys add."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from polyhead.errors import ConfigError
from polyhead.field import Rules
from polyhead.losses.loss import Loss
from polyhead.losses.tags.pairwise import Pairwise
from polyhead.losses.tags.tags_loss import TagsLoss
from polyhead.losses.tags.unknown import UNKNOWN, PartialTags
from polyhead.registry import check_component, construct
from polyhead.tasks.statistics import LabelCounts

if TYPE_CHECKING:
    from polyhead.tasks import TagsConfig

FIELDS = {"pairwise": Pairwise}
"""Couplings that a tags task may learn beside its loss."""
MANY = 10_000  # classes that no option of a strategy exceeds before they are counted


class NamedTagsLoss(TagsLoss, ABC):
    """A tags loss that `loss` of a config names.

    It is built with the strategy for unknown cells that `unknown` names, and with the couplings
    that `field` names around both.
    """

    @classmethod
    def build(cls, keys: TagsConfig, classes: Sequence[str], statistics: LabelCounts) -> TagsLoss:
        """The loss with its strategy and its field.

        Raises:
            ConfigError: A name or option does not exist, or rules do not fit the classes.
        """
        loss = cls._with_strategy(keys, statistics)
        if keys.field is None:
            return loss
        return construct("field", FIELDS, keys.field, loss, statistics, keys.rules.over(classes))

    @classmethod
    def _with_strategy(cls, keys: TagsConfig, statistics: LabelCounts) -> TagsLoss:
        choices = {keys.loss.name: cls}
        if keys.unknown.name == "ignore":
            return construct("loss", choices, keys.loss, statistics)
        unknown = construct("unknown", UNKNOWN, keys.unknown, statistics)
        return PartialTags(construct("loss", choices, keys.loss, unknown.counts()), unknown)

    @classmethod
    def check_keys(cls, name: str, keys: TagsConfig, losses: Mapping[str, type[Loss]]) -> None:
        """Refuse a strategy or a field that cannot be built, or does not go with the loss."""
        unknown, _ = check_component("unknown", UNKNOWN, keys.unknown)
        construct("unknown", UNKNOWN, keys.unknown, LabelCounts(np.zeros(MANY), np.zeros(MANY)))
        if keys.field is not None:
            few = LabelCounts(np.zeros(2), np.zeros(2))
            plain = construct("loss", {keys.loss.name: cls}, keys.loss, few)
            construct("field", FIELDS, keys.field, plain, few, Rules())
        links = [k for k, loss in losses.items() if issubclass(loss, TagsLoss) and loss.has_link]
        if unknown.needs_link and keys.loss.name not in links:
            raise ConfigError(
                f'tasks.{name}.unknown = "{keys.unknown.name}" reads probabilities while training, '
                f'which loss "{keys.loss.name}" has only once it is calibrated; '
                f"expected a loss of {', '.join(links)}."
            )

    @classmethod
    def check_without_gradients(cls, name: str, keys: TagsConfig, why: str) -> None:
        """Refuse a strategy and a field, which act by gradients alone."""
        if keys.unknown.name != "ignore":
            raise ConfigError(
                f'tasks.{name}.unknown = "{keys.unknown.name}": {why} loss; expected ignore; '
                "remove `unknown`, or choose another head."
            )
        if keys.field is not None:
            raise ConfigError(
                f"tasks.{name}.field: {why} field; remove `field`, or choose another head."
            )

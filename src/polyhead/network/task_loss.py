"""The loss of one task, with what its config puts around it."""

from __future__ import annotations

import numpy as np

from polyhead.errors import ConfigError
from polyhead.field import Rules
from polyhead.heads import HEADS, OnePassHead
from polyhead.losses import FIELDS, LOSSES, Bce, LabelCounts, Loss, NumberStatistics, TagsLoss
from polyhead.losses.tags.unknown import UNKNOWN, PartialTags
from polyhead.registry import check_component, construct
from polyhead.tasks import TagsConfig, Task, TaskConfig

Statistics = LabelCounts | NumberStatistics
MANY = 10_000  # classes that no option of a strategy exceeds before they are counted


def build_loss(task: Task, keys: TaskConfig, statistics: Statistics) -> Loss:
    """The loss by its name; for tags, with the strategy for unknown cells and with the field.

    Raises:
        ConfigError: A name or option does not exist, or rules do not fit the classes.
    """
    if not isinstance(keys, TagsConfig):
        return construct("loss", LOSSES, keys.loss, statistics)
    loss = _tags_loss(keys, statistics)
    if keys.field is None:
        return loss
    return construct("field", FIELDS, keys.field, loss, statistics, keys.rules.settle(task.classes))


def check_tags_loss(name: str, keys: TagsConfig) -> None:
    """Refuse options around a tags loss that cannot be built or do not go together.

    Raises:
        ConfigError: Naming the key.
    """
    unknown, _ = check_component("unknown", UNKNOWN, keys.unknown)
    construct("unknown", UNKNOWN, keys.unknown, LabelCounts(np.zeros(MANY), np.zeros(MANY)))
    if keys.field is not None:
        few = LabelCounts(np.zeros(2), np.zeros(2))
        construct("field", FIELDS, keys.field, Bce(few), few, Rules())
    links = [key for key, loss in LOSSES.items() if issubclass(loss, TagsLoss) and loss.has_link]
    if unknown.needs_link and keys.loss.name not in links:
        raise ConfigError(
            f'tasks.{name}.unknown = "{keys.unknown.name}" reads probabilities while training, '
            f'which logits of loss "{keys.loss.name}" stand for only once they are calibrated; '
            f"expected a loss of {', '.join(links)}."
        )


def check_fitted(name: str, task: TaskConfig) -> None:
    """A fitted posterior is read by the loss whose logits mean just that, over known cells.

    Raises:
        ConfigError: A head without gradients has another loss, a strategy or a field.
    """
    if not issubclass(HEADS[task.head.name], OnePassHead):
        return
    why = f"the head {task.head.name} is fitted without gradients, to known cells, and descends no"
    plain = "bce" if isinstance(task, TagsConfig) else "cross_entropy"
    if task.loss.name != plain or task.loss.options:
        options = " with options" if task.loss.options else ""
        raise ConfigError(
            f'tasks.{name}.loss = "{task.loss.name}"{options}: {why} loss; expected {plain} '
            "without options, which reads its answers as probabilities; remove `loss`, or choose "
            "another head."
        )
    if isinstance(task, TagsConfig) and task.unknown.name != "ignore":
        raise ConfigError(
            f'tasks.{name}.unknown = "{task.unknown.name}": {why} loss; expected ignore; remove '
            "`unknown`, or choose another head."
        )
    if isinstance(task, TagsConfig) and task.field is not None:
        raise ConfigError(
            f"tasks.{name}.field: {why} field; remove `field`, or choose another head."
        )


def _tags_loss(keys: TagsConfig, statistics: Statistics) -> Loss:
    if keys.unknown.name == "ignore":
        return construct("loss", LOSSES, keys.loss, statistics)
    unknown = construct("unknown", UNKNOWN, keys.unknown, statistics)
    loss = construct("loss", LOSSES, keys.loss, unknown.counts())
    assert isinstance(loss, TagsLoss)  # as the config was checked
    return PartialTags(loss, unknown)

"""From cells, or the targets of a spatial task, to the targets of a tags task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from polyhead.field import PairwiseField
from polyhead.table import Table
from polyhead.tasks.labels import one_sided_faults, support_faults
from polyhead.tasks.tags.decider import TagsDecider
from polyhead.tasks.tags.decision import TagDecision
from polyhead.tasks.tags.encoding import encode_delimited
from polyhead.tasks.tags.from_objects import TagsFromObjects
from polyhead.tasks.tags.rules import rule_faults
from polyhead.tasks.targets import UNKNOWN
from polyhead.tasks.task_encoder import Encoding, TaskEncoder
from polyhead.tasks.yes_no_columns import encode_columns

if TYPE_CHECKING:
    from polyhead.tasks.tags.config import TagsConfig


@dataclass(frozen=True)
class TagsEncoder(TaskEncoder):
    """The encoder of a tags task.

    Attributes:
        name: Key in the YAML.
        classes: The L labels.
        config: Where the labels stand in the table.
    """

    type: ClassVar[str] = "tags"
    name: str
    classes: tuple[str, ...]
    config: TagsConfig

    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:  # noqa: ARG002
        """(N, L) int8: 1 yes, 0 no, -1 unknown."""
        config = self.config
        if config.columns:
            targets, faults = encode_columns(table, config.columns, self.classes, config.values)
        else:
            targets, faults = encode_delimited(
                table,
                config.column or self.name,
                self.classes,
                delimiter=config.delimiter,
                none=config.none,
                is_declared=bool(config.classes),
            )
        positives = (targets == 1).sum(0)
        faults += support_faults(self.classes, positives, table.source, faults)
        faults += one_sided_faults(self.classes, targets, table.source, faults)
        faults += rule_faults(table, targets, config.rules.over(self.classes))
        return Encoding(targets, faults)

    def known(self, targets: np.ndarray) -> np.ndarray:
        """Cells that are yes or no."""
        return targets != UNKNOWN

    def label_matrix(self, targets: np.ndarray) -> np.ndarray:
        """The targets themselves."""
        return targets

    def join(self, targets: Sequence[np.ndarray], *, overlaid: bool) -> np.ndarray:
        """(L,) labels that are yes in any of the images, no in all of them, else unknown."""
        del overlaid
        cells = np.stack(targets)
        return np.where((cells == 1).any(0), 1, cells.min(0)).astype(cells.dtype)

    def derivation(self, source: TaskEncoder) -> TagsFromObjects:
        """How the tags follow from the objects or the mask of the same images."""
        implies = self.config.rules.over(self.classes).implies
        return TagsFromObjects.of(source, self.classes, implies)

    def decider(self) -> TagsDecider:
        """Labels at ½ and more, or by the decoder that the config names, under its rules."""
        rules = self.config.rules.over(self.classes)
        field = PairwiseField.independent(len(self.classes), rules) if rules else None
        return TagsDecider(self.name, self.classes, TagDecision((), self.config.decoder, field))

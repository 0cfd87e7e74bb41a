"""From cells to the targets of a class task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from polyhead.table import Table
from polyhead.tasks.labels import support_faults
from polyhead.tasks.single_class.decider import ClassDecider
from polyhead.tasks.single_class.encoding import encode_column, encode_one_hot
from polyhead.tasks.targets import UNKNOWN
from polyhead.tasks.task_encoder import Encoding, TaskEncoder

if TYPE_CHECKING:
    from polyhead.tasks.single_class.config import ClassConfig


@dataclass(frozen=True)
class ClassEncoder(TaskEncoder):
    """The encoder of a class task.

    Attributes:
        name: Key in the YAML.
        classes: The K classes.
        config: The task's keys.
    """

    type: ClassVar[str] = "class"
    name: str
    classes: tuple[str, ...]
    config: ClassConfig

    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:  # noqa: ARG002
        """(N,) int32: index of the class, -1 unknown."""
        config, column = self.config, self.config.column or self.name
        if config.columns:
            targets, faults = encode_one_hot(table, config.columns, self.classes, config.values)
        else:
            is_declared = bool(config.classes)
            targets, faults = encode_column(table, column, self.classes, is_declared=is_declared)
        positives = np.bincount(targets[targets >= 0], minlength=len(self.classes))
        faults += support_faults(self.classes, positives, table.source, faults)
        return Encoding(targets, faults)

    def known(self, targets: np.ndarray) -> np.ndarray:
        """Rows whose class is known."""
        return targets != UNKNOWN

    def label_matrix(self, targets: np.ndarray) -> np.ndarray:
        """One yes/no column per class."""
        labels = (targets[:, None] == np.arange(len(self.classes))).astype(np.int8)
        labels[targets == UNKNOWN] = UNKNOWN
        return labels

    def join(self, targets: Sequence[np.integer], *, overlaid: bool) -> np.integer:
        """The class that all images have; unknown where they differ."""
        del overlaid
        cells = np.stack(targets)
        return cells[0] if (cells == cells[0]).all() else cells.dtype.type(UNKNOWN)

    def decider(self) -> ClassDecider:
        """The likeliest class."""
        return ClassDecider(self.name, self.classes)

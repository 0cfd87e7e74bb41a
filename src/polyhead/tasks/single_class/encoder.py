"""From cells to the targets of a class task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from polyhead.table import Table
from polyhead.tasks.exclusive_encoder import ExclusiveEncoder
from polyhead.tasks.labels import support_faults
from polyhead.tasks.single_class.decider import ClassDecider
from polyhead.tasks.single_class.encoding import encode_column, encode_one_hot
from polyhead.tasks.task_encoder import Encoding

if TYPE_CHECKING:
    from polyhead.tasks.single_class.config import ClassConfig


@dataclass(frozen=True)
class ClassEncoder(ExclusiveEncoder):
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

    def decider(self) -> ClassDecider:
        """The likeliest class."""
        return ClassDecider(self.name, self.classes)

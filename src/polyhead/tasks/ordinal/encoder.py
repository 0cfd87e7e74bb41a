"""From cells to the targets of an ordinal task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from polyhead.table import Table
from polyhead.tasks.exclusive_encoder import ExclusiveEncoder
from polyhead.tasks.labels import support_faults
from polyhead.tasks.ordinal.decider import OrdinalDecider
from polyhead.tasks.ordinal.grade_cells import encode_grades, gap_faults
from polyhead.tasks.task_encoder import Encoding

if TYPE_CHECKING:
    from polyhead.tasks.ordinal.config import OrdinalConfig


@dataclass(frozen=True)
class OrdinalEncoder(ExclusiveEncoder):
    """The encoder of an ordinal task.

    Attributes:
        name: Key in the YAML.
        classes: The K grades, the lowest first.
        config: The task's keys.
    """

    type: ClassVar[str] = "ordinal"
    name: str
    classes: tuple[str, ...]
    config: OrdinalConfig

    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:  # noqa: ARG002
        """(N,) int32: index of the grade, -1 unknown."""
        column = self.config.column or self.name
        targets, faults = encode_grades(table, column, self.classes)
        if not self.config.classes:
            faults += gap_faults(self.classes, f'{table.source} column "{column}"')
        positives = np.bincount(targets[targets >= 0], minlength=len(self.classes))
        faults += support_faults(self.classes, positives, table.source, faults)
        return Encoding(targets, faults)

    def decider(self) -> OrdinalDecider:
        """The middle grade."""
        return OrdinalDecider(self.name, self.classes)

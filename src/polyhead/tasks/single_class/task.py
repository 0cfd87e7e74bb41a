"""Task type `class`: exactly one of K classes per picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from polyhead.errors import DataError
from polyhead.metrics import ClassMeter, fit_temperature
from polyhead.structures import ClassPrediction, Table
from polyhead.tasks.class_names import ClassNames
from polyhead.tasks.component import Component, ComponentField
from polyhead.tasks.labels import (
    natural_order,
    spelling_faults,
    support_faults,
    unknown_label_faults,
)
from polyhead.tasks.row_faults import MAX_LISTED
from polyhead.tasks.task import UNKNOWN, Dense, Encoding, Task, TaskConfig
from polyhead.tasks.text_cells import cell_codes, text_column

TINY = 1e-12  # the least probability whose logarithm is taken


class ClassConfig(TaskConfig):
    """Keys of a class task."""

    type: Literal["class"]
    column: str | None = Field(default=None, description="The task's own name unless given.")
    classes: ClassNames = Field(default=(), description="Found in the table unless given.")
    head: ComponentField = Component(name="linear")
    loss: ComponentField = Component(name="cross_entropy")

    def resolve(self, name: str, table: Table) -> ClassTask:
        """The task with its classes, which the table tells unless they are declared."""
        if self.classes:
            return ClassTask(name, self.classes, self)
        column = self.column or name
        _, texts = cell_codes(text_column(table, column))
        found = natural_order({text.strip() for text in texts if text.strip()})
        if len(found) < 2:
            raise DataError(
                f'{table.source} column "{column}" holds {len(found)} distinct classes in '
                f"{len(table)} rows; expected at least 2; declare `classes` or mend the column."
            )
        return ClassTask(name, found, self)


@dataclass(frozen=True)
class ClassTask(Task):
    """A class task whose K classes are settled.

    Attributes:
        name: Key in the YAML.
        classes: The K classes.
        config: Where the class stands in the table; None once trained.
    """

    type: ClassVar[str] = "class"
    score_name: ClassVar[str] = "accuracy"
    name: str
    classes: tuple[str, ...]
    config: ClassConfig | None = None

    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:  # noqa: ARG002
        """(N,) int32: index of the class, -1 unknown."""
        assert self.config is not None
        column = self.config.column or self.name
        codes, texts = cell_codes(text_column(table, column))
        stripped = [text.strip() for text in texts]
        index = {label: i for i, label in enumerate(self.classes)}
        places = np.array([index.get(text, UNKNOWN) for text in stripped] + [UNKNOWN], np.int32)
        odd_text = np.array([bool(t) and t not in index for t in stripped] + [False])
        rows = np.flatnonzero(odd_text[codes])
        labels = [stripped[code] for code in codes[rows[:MAX_LISTED]].tolist()]
        faults = unknown_label_faults(table, rows, labels, self.classes)
        targets = places[codes]
        positives = np.bincount(targets[targets >= 0], minlength=len(self.classes))
        if not self.config.classes:
            counts = dict(zip(self.classes, positives.tolist(), strict=True))
            faults += spelling_faults(counts, f'{table.source} column "{column}"')
        faults += support_faults(self.classes, positives, table.source, faults)
        return Encoding(targets, faults)

    def read_from(self, config: ClassConfig) -> ClassTask:
        """The same classes as if they had been declared."""
        return replace(self, config=config.model_copy(update={"classes": self.classes}))

    def known(self, targets: np.ndarray) -> np.ndarray:
        """Rows whose class is known."""
        return targets != UNKNOWN

    def stratify(self, targets: np.ndarray) -> np.ndarray:
        """One yes/no column per class."""
        labels = (targets[:, None] == np.arange(len(self.classes))).astype(np.int8)
        labels[targets == UNKNOWN] = UNKNOWN
        return labels

    def select(self, dense: Dense, sizes: np.ndarray) -> list[ClassPrediction]:  # noqa: ARG002
        """The likeliest class."""
        return [
            ClassPrediction(
                self.classes[int(row.argmax())],
                dict(zip(self.classes, map(float, row), strict=True)),
            )
            for row in dense["probabilities"]
        ]

    def meter(self) -> ClassTaskMeter:
        """Figures of the likeliest class."""
        return ClassTaskMeter(self)

    @classmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> ClassTask:
        """From type and classes."""
        return cls(name, tuple(entry["classes"]))

    def to_dict(self) -> dict[str, Any]:
        """Type and classes in order."""
        return {"type": self.type, "classes": list(self.classes)}


class ClassTaskMeter:
    """Gathers probabilities batch by batch.

    Args:
        task: Whose answers are measured.
    """

    def __init__(self, task: ClassTask) -> None:
        self._task = task
        self._meter = ClassMeter(task.classes)

    def update(self, dense: Dense, targets: np.ndarray) -> None:
        """Take one batch."""
        self._meter.update(dense["probabilities"], targets)

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The task's part of `evaluation.json`."""
        return self._meter.compute(intervals=intervals)

    def calibrate(self) -> float:
        """The temperature T: q ∝ p^(1/T) has the least log loss on all that was seen."""
        log_probabilities = np.log(np.maximum(self._meter.probabilities, TINY))
        return fit_temperature(log_probabilities, self._meter.targets)

    def fit(self) -> ClassTask:
        """The task as it is: the likeliest class needs no rule."""
        return self._task

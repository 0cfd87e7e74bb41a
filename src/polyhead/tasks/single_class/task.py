"""Task type `class`: exactly one of K classes per picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from polyhead.errors import DataError
from polyhead.metrics import ClassMeter, fit_temperature
from polyhead.predictions import ClassPrediction
from polyhead.registry import Component, ComponentField
from polyhead.table import Table
from polyhead.tasks.class_names import ClassNames
from polyhead.tasks.labels import support_faults
from polyhead.tasks.single_class.cells import class_cells
from polyhead.tasks.single_class.encoding import encode_column, encode_one_hot
from polyhead.tasks.single_class.names import name_classes
from polyhead.tasks.task import UNKNOWN, Dense, Encoding, Task, TaskConfig
from polyhead.tasks.yes_no_columns import ValuesConfig, match_columns

TINY = 1e-12  # the least probability whose logarithm is taken


class ClassConfig(TaskConfig):
    """Keys of a class task."""

    type: Literal["class"]
    column: str | None = Field(default=None, description="The task's own name unless given.")
    columns: tuple[str, ...] = Field(
        default=(), description="Yes/no columns of which each row says yes in one; globs allowed."
    )
    values: ValuesConfig | None = Field(
        default=None, description="What the cells of `columns` say: {yes: [1], no: [-1]}."
    )
    classes: ClassNames = Field(default=(), description="Found in the table unless given.")
    head: ComponentField = Component(name="linear")
    loss: ComponentField = Component(name="cross_entropy")

    @model_validator(mode="after")
    def _one_source(self) -> ClassConfig:
        if self.column and self.columns:
            raise ValueError("found both `column` and `columns`; expected one of them")
        if self.values and not self.columns:
            raise ValueError("found `values` without `columns`; expected both, or `columns` alone")
        return self

    def resolve(self, name: str, table: Table) -> ClassTask:
        """The task with its classes, which the table tells unless they are declared."""
        if self.columns:
            labels = tuple(match_columns(self.columns, table.columns).values())
            return ClassTask(name, self.classes or labels, self)
        if self.classes:
            return ClassTask(name, self.classes, self)
        column = self.column or name
        _, texts = class_cells(table, column)
        found = name_classes(texts)
        if len(found.classes) < 2:
            aside = f" ({', '.join(found.unknown[:5])} are read as unknown)" * bool(found.unknown)
            raise DataError(
                f'{table.source} column "{column}" holds {len(found.classes)} distinct classes in '
                f"{len(table)} rows{aside}; expected at least 2; declare `classes` or mend the "
                "column."
            )
        return ClassTask(name, found.classes, self)


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
        config, column = self.config, self.config.column or self.name
        if config.columns:
            targets, faults = encode_one_hot(table, config.columns, self.classes, config.values)
        else:
            is_declared = bool(config.classes)
            targets, faults = encode_column(table, column, self.classes, is_declared=is_declared)
        positives = np.bincount(targets[targets >= 0], minlength=len(self.classes))
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

"""What every task type is: targets from a table, predictions from dense arrays, figures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from pydantic import Field

from polyhead.errors import Fault
from polyhead.metrics import ClassMeter, TagsMeter
from polyhead.structures import Table, TaskPrediction
from polyhead.tasks.component import ComponentField
from polyhead.tasks.section import Section

Dense = Mapping[str, np.ndarray]


class TaskConfig(Section):
    """Keys that every task has."""

    head: ComponentField
    loss: ComponentField
    weight: float = Field(default=1.0, gt=0, description="Factor of this task's loss in the sum.")


@dataclass(frozen=True)
class Encoding:
    """The targets of one task over a table.

    Attributes:
        targets: (N, …) array, one row each.
        faults: What cannot be encoded; such cells are unknown in `targets`.
    """

    targets: np.ndarray
    faults: Sequence[Fault]


class Meter(Protocol):
    """Gathers predictions and targets batch by batch, then states the figures."""

    def update(self, dense: Dense, targets: np.ndarray) -> None:
        """Take one batch."""
        ...

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The task's part of `evaluation.json`."""
        ...


class ProbabilityMeter:
    """The meter of a task whose figures need nothing but probabilities.

    Args:
        meter: Takes probabilities and targets.
        options: What its `compute` takes besides.
    """

    def __init__(self, meter: TagsMeter | ClassMeter, **options: Any) -> None:
        self._meter, self._options = meter, options

    def update(self, dense: Dense, targets: np.ndarray) -> None:
        """Take one batch."""
        self._meter.update(dense["probabilities"], targets)

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The task's part of `evaluation.json`."""
        return self._meter.compute(**self._options, intervals=intervals)


class Task(ABC):
    """One question asked of every picture.

    Attributes:
        type: The name in the YAML.
        score_name: The figure that chooses the best epoch; higher is better.
        name: The key in the YAML, the name of the head everywhere.
        classes: Names in the order of the outputs.
    """

    type: ClassVar[str]
    score_name: ClassVar[str]
    name: str
    classes: tuple[str, ...]

    @abstractmethod
    def encode(self, table: Table) -> Encoding:
        """Targets of all rows, and what is wrong with them."""

    @abstractmethod
    def read_from(self, config: Any) -> Task:
        """The same task, its classes kept, reading its labels where its config says."""

    @abstractmethod
    def known(self, targets: np.ndarray) -> np.ndarray:
        """Which cells count: bool, the shape of `targets`."""

    @abstractmethod
    def stratify(self, targets: np.ndarray) -> np.ndarray:
        """(N, L) int8 of 1 yes, 0 no, -1 unknown: what the split should balance."""

    @abstractmethod
    def select(self, dense: Dense) -> Sequence[TaskPrediction]:
        """B predictions from the dense arrays of a batch of B; numpy only, used everywhere."""

    @abstractmethod
    def meter(self) -> Meter:
        """A fresh meter of this task's figures."""

    @abstractmethod
    def fit(self, dense: Dense, targets: np.ndarray) -> Task:
        """The same task with its decision rule (thresholds) fitted on validation."""

    @classmethod
    @abstractmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> Task:
        """The task that `to_dict` described, ready to select predictions."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The task's entry in `classes.json`, enough to select predictions later."""

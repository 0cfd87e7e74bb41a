"""What every task type is: targets from a table, predictions from dense arrays, figures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from pydantic import Field

from polyhead.errors import Fault
from polyhead.predictions import TaskPrediction
from polyhead.registry import ComponentField
from polyhead.table import Table
from polyhead.tasks.section import Section

UNKNOWN = np.int8(-1)
"""A cell that is neither yes nor no; a class that is none."""

Dense = Mapping[str, np.ndarray]
Targets = Any
"""N rows: `targets[row]` is one of them, `targets[rows]` are some of them."""


class TaskConfig(Section):
    """Keys that every task has."""

    head: ComponentField
    loss: ComponentField
    weight: float = Field(default=1.0, gt=0, description="Factor of this task's loss in the sum.")
    freeze: bool = Field(
        default=False, description="The head keeps the weights that --init-from gives it."
    )


@dataclass(frozen=True)
class Encoding:
    """The targets of one task over a table.

    Attributes:
        targets: N rows, an (N, …) array or columns of its own kind.
        faults: What cannot be encoded; such cells are unknown in `targets`.
    """

    targets: Targets
    faults: Sequence[Fault]


class Meter(Protocol):
    """Gathers predictions and targets batch by batch, then states the figures."""

    def update(self, dense: Dense, targets: Any) -> None:
        """Take one batch: its dense arrays, and the targets of its rows as encoded."""
        ...

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The task's part of `evaluation.json`."""
        ...

    def fit(self) -> Task:
        """The task with its decision rule (thresholds) fitted on all that the meter saw."""
        ...


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
    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:
        """Targets of all rows, and what is wrong with them.

        Args:
            table: N rows.
            sizes: (N, 2) height and width of the displayed pictures, 0 where unreadable; only
                tasks that say where in a picture something is read it.
        """

    @abstractmethod
    def read_from(self, config: Any) -> Task:
        """The same task, its classes kept, reading its labels where its config says."""

    @abstractmethod
    def known(self, targets: Any) -> np.ndarray:
        """Which cells count: bool; (N, …), the shape of `targets` when that is an array."""

    def stack(self, samples: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        """The targets of a batch and which of their cells are known.

        Args:
            samples: B times one row of the targets, as augmentation left it.
        """
        targets = np.stack(samples)
        return targets, self.known(targets)

    @abstractmethod
    def stratify(self, targets: Any) -> np.ndarray:
        """(N, L) int8 of 1 yes, 0 no, -1 unknown: what the split should balance."""

    @abstractmethod
    def select(self, dense: Dense, sizes: np.ndarray) -> Sequence[TaskPrediction]:
        """B predictions from the dense arrays of a batch; numpy only, used everywhere.

        Args:
            dense: Arrays (B, …), as the task's loss names them.
            sizes: (B, 2) height and width of the displayed pictures.
        """

    @abstractmethod
    def meter(self) -> Meter:
        """A fresh meter of this task's figures."""

    @classmethod
    @abstractmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> Task:
        """The task that `to_dict` described, ready to select predictions."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The task's entry in `classes.json`, enough to select predictions later."""

"""From dense arrays to predictions, and their figures: the other half of every task type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from polyhead.field import Rules
from polyhead.predictions import TaskPrediction
from polyhead.tasks.statistics import LabelCounts, Statistics
from polyhead.tasks.targets import Dense, Targets


class TaskDecider(ABC):
    """From the dense arrays of the network to predictions, with what was fitted for it.

    Attributes:
        type: The name in the YAML.
        score_name: The figure that chooses the best epoch; higher is better.
        reading: How the model card says the answers are read.
        is_spatial: Whether answers say where in an image something is.
        has_objects: Whether answers list objects, `object_rows` of a prediction.
        takes_evidence: Whether each label is yes or no by itself, so that it can be asked with some
            known already; see `conditioned`.
        has_probabilities: Whether each class has a probability, `label_probabilities`.
        confusion_share: What the confusion matrix is shown in percent of, where counts are too
            large to read; empty to show counts.
        name: The key in the YAML, the name of the head everywhere.
        classes: Names in the order of the outputs.
    """

    type: ClassVar[str]
    score_name: ClassVar[str]
    reading: ClassVar[str]
    is_spatial: ClassVar[bool] = False
    has_objects: ClassVar[bool] = False
    takes_evidence: ClassVar[bool] = False
    has_probabilities: ClassVar[bool] = False
    confusion_share: ClassVar[str] = ""
    name: str
    classes: tuple[str, ...]

    @property
    def rules(self) -> Rules:
        """The rules that every prediction obeys."""
        return Rules()

    @abstractmethod
    def select(self, dense: Dense, sizes: np.ndarray) -> Sequence[TaskPrediction]:
        """B predictions from the dense arrays of a batch; numpy only, used everywhere.

        Args:
            dense: Arrays (B, …), as the task's loss names them.
            sizes: (B, 2) height and width of the displayed images.
        """

    @abstractmethod
    def meter(self) -> Meter:
        """A fresh meter of this task's figures."""

    @classmethod
    @abstractmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> Self:
        """The decider that `to_dict` described."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The entry in `classes.json`."""

    @classmethod
    def no_statistics(cls, num_classes: int) -> Statistics:
        """Placeholder statistics, to build a loss without the training part."""
        return LabelCounts(np.zeros(num_classes), np.zeros(num_classes))

    def with_fit_of(self, before: TaskDecider) -> TaskDecider:
        """The decider of an earlier run, except what this run's config sets itself."""
        return before

    def for_scoring(self) -> TaskDecider:
        """The decider that judges an epoch, before anything is fitted."""
        return self

    def conditioned(self, evidence: Mapping[str, bool]) -> TaskDecider:
        """The decider, asked with what is known of every image already.

        Args:
            evidence: Label to whether it holds.

        Raises:
            ConfigError: No such label, or the evidence breaks a rule.
        """
        raise NotImplementedError(f"{self.type} tasks take no evidence ({', '.join(evidence)})")

    def evidence_note(self) -> str:
        """A note where evidence changes less than a reader may expect; mostly empty."""
        return ""

    def label_probabilities(self, dense: Dense) -> np.ndarray:
        """(B, C) probabilities of the classes, as score tables hold them.

        Only where `has_probabilities`.
        """
        raise NotImplementedError(f"{self.type} tasks have no probabilities ({', '.join(dense)})")

    def scored(
        self, scores: np.ndarray, targets: np.ndarray, *, are_probabilities: bool, protocol: str
    ) -> dict[str, Any]:
        """The part of `evaluation.json` for a score table, of tasks that `has_probabilities`.

        Args:
            scores: (N, C).
            targets: (N, …) as encoded.
            are_probabilities: Whether the scores are; else they only rank.
            protocol: One of `polyhead.metrics.PROTOCOLS`.

        Raises:
            DataError: `E_SCORES`, the task needs probabilities and these are none.
        """
        raise NotImplementedError(f"{self.type} tasks are not scored by tables")

    def judged(self, targets: np.ndarray, protocol: str) -> np.ndarray:
        """(N, C) or (N, 1) bool: the cells that count in some figure of a protocol."""
        raise NotImplementedError(f"{self.type} tasks are not scored by tables")

    def columns(self) -> list[str]:
        """The columns of a spreadsheet that `cells` of a prediction go under."""
        return [self.name]

    def notes(self) -> list[str]:
        """Lines of the model card on how predictions are chosen."""
        return []

    def fitted_notes(self, config: Any) -> list[str]:
        """Lines printed after fitting: bounds that hold, labels that cannot be answered.

        Args:
            config: The task's keys.
        """
        del config
        return []

    @classmethod
    @abstractmethod
    def sample_size(cls, entry: Mapping[str, Any]) -> str:
        """What a figure is counted over, such as `1,488 cells`.

        Args:
            entry: The task's part of `evaluation.json`.
        """

    @classmethod
    def known_text(cls, entry: Mapping[str, Any]) -> str:
        """How much of a part is known, such as `7 of 9 images known`.

        Args:
            entry: The task's part of `evaluation.json`.
        """
        return f"{entry['num_known']:,} of {entry['num_images']:,} images known"


class Meter(ABC):
    """Accumulates predictions and targets batch by batch, then computes the figures."""

    @abstractmethod
    def update(self, dense: Dense, targets: Targets) -> None:
        """Take one batch: its dense arrays, and the targets of its rows as encoded."""

    @abstractmethod
    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The task's part of `evaluation.json`."""

    @abstractmethod
    def fit(self, config: Any) -> TaskDecider:
        """The decider with its decision rule fitted on all that the meter saw.

        Args:
            config: The task's keys.
        """

    def protocol(self, name: str) -> dict[str, Any] | None:
        """The figures under another protocol (see `polyhead.metrics.PROTOCOLS`); None for no such.

        Args:
            name: Of the protocol.
        """
        del name
        return None

    def result_files(self) -> dict[str, Any]:
        """Result files for other programs: file name suffix, such as `coco`, to JSON content."""
        return {}

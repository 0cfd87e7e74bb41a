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
        """What holds in every answer."""
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
        """What a loss is built with where the training part is not at hand."""
        return LabelCounts(np.zeros(num_classes), np.zeros(num_classes))

    def settled_as(self, before: TaskDecider) -> TaskDecider:
        """The decider of an earlier run, but for what this run's config states itself."""
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
        """What a reader may not expect of the evidence it was asked with; mostly empty."""
        return ""

    def label_probabilities(self, dense: Dense) -> np.ndarray:
        """(B, C) probabilities of the classes, as score tables hold them.

        Only where `has_probabilities`.
        """
        raise NotImplementedError(f"{self.type} tasks have no probabilities ({', '.join(dense)})")

    def scored(
        self, scores: np.ndarray, targets: np.ndarray, *, are_probabilities: bool, protocol: str
    ) -> dict[str, Any]:
        """The part of `evaluation.json` for anybody's scores, of tasks that `has_probabilities`.

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
        """Lines that the model card has on how this decider decides."""
        return []

    def fitted_notes(self, config: Any) -> list[str]:
        """What a user is told after fitting: bounds that hold, labels that cannot be answered.

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
    """Gathers predictions and targets batch by batch, then states the figures."""

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
        """What other programs read, as JSON: the end of the file's name, such as `coco`, to it."""
        return {}

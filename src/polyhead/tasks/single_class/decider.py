"""From dense arrays to the answers of a class task, and their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from polyhead.errors import DataError, Fault
from polyhead.metrics import ClassMeter, fit_temperature
from polyhead.predictions import ClassPrediction, TaskPrediction
from polyhead.tasks.targets import UNKNOWN, Dense
from polyhead.tasks.task_decider import Meter, TaskDecider

TINY = 1e-12  # the least probability whose logarithm is taken


@dataclass(frozen=True)
class ClassDecider(TaskDecider):
    """The decider of a class task.

    Attributes:
        name: Key in the YAML.
        classes: The K classes.
    """

    type: ClassVar[str] = "class"
    score_name: ClassVar[str] = "accuracy"
    reading: ClassVar[str] = (
        "the likeliest class, and the probability of each, whose temperature was fitted on the "
        "validation part only."
    )
    has_probabilities: ClassVar[bool] = True
    name: str
    classes: tuple[str, ...]

    def select(self, dense: Dense, sizes: np.ndarray) -> Sequence[TaskPrediction]:  # noqa: ARG002
        """The likeliest class."""
        return [
            ClassPrediction(
                self.classes[int(row.argmax())],
                dict(zip(self.classes, map(float, row), strict=True)),
            )
            for row in dense["probabilities"]
        ]

    def label_probabilities(self, dense: Dense) -> np.ndarray:
        """(B, K) probabilities."""
        return dense["probabilities"]

    def scored(
        self, scores: np.ndarray, targets: np.ndarray, *, are_probabilities: bool, protocol: str
    ) -> dict[str, Any]:
        """Figures of (N, K) probabilities; protocols are of tags alone.

        Raises:
            DataError: `E_SCORES`, they are no probabilities or do not sum to 1.
        """
        del protocol
        if not are_probabilities:
            message = "scores reach beyond [0, 1]; expected probabilities; apply a softmax first."
            raise self._refusal(message)
        sums = scores[targets != UNKNOWN].sum(axis=1, dtype=np.float64)
        off = np.abs(sums - 1)
        if off.max(initial=0) > max(0.02, 0.005 * len(self.classes)):  # two decimals in a file
            raise self._refusal(
                f"the classes of an image sum to {sums[off.argmax()]:.3g}; expected "
                "probabilities, which sum to 1; apply a softmax, or divide each row by its sum."
            )
        meter = self.meter()
        meter.update({"probabilities": scores}, targets)
        return meter.compute(intervals=True)

    def _refusal(self, message: str) -> DataError:
        fault = Fault("E_SCORES", f'{self.type} task "{self.name}"', message)
        return DataError(str(fault), [fault])

    def judged(self, targets: np.ndarray, protocol: str) -> np.ndarray:
        """(N, 1) bool: known rows."""
        del protocol
        return (targets != UNKNOWN)[:, None]

    def meter(self) -> ClassTaskMeter:
        """Figures of the likeliest class."""
        return ClassTaskMeter(self)

    @classmethod
    def sample_size(cls, entry: Mapping[str, Any]) -> str:
        """Images whose class is known."""
        return f"{entry['num_known']:,} images"

    @classmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> ClassDecider:
        """From type and classes."""
        return cls(name, tuple(entry["classes"]))

    def to_dict(self) -> dict[str, Any]:
        """Type and classes in order."""
        return {"type": self.type, "classes": list(self.classes)}


class ClassTaskMeter(Meter):
    """Gathers probabilities batch by batch.

    Args:
        decider: Whose answers are measured.
    """

    def __init__(self, decider: ClassDecider) -> None:
        self._decider = decider
        self._meter = ClassMeter(decider.classes)

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

    def fit(self, config: Any) -> ClassDecider:
        """The decider as it is: the likeliest class needs no rule."""
        del config
        return self._decider

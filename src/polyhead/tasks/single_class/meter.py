"""The meter of a class task: figures of its answers, and their temperature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from polyhead.metrics import ClassMeter, fit_temperature

if TYPE_CHECKING:
    from polyhead.tasks.single_class.task import ClassTask

TINY = 1e-12  # the least probability whose logarithm is taken


class ClassTaskMeter:
    """Gathers probabilities batch by batch.

    Args:
        task: Whose answers are measured.
    """

    def __init__(self, task: ClassTask) -> None:
        self._task = task
        self._meter = ClassMeter(task.classes)

    def update(self, dense: Mapping[str, np.ndarray], targets: np.ndarray) -> None:
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

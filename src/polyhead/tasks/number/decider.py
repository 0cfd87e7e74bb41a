"""From dense arrays to the answers of a number task, and their figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from polyhead.metrics import NumberMeter
from polyhead.predictions import NumberPrediction
from polyhead.tasks.statistics import NumberStatistics
from polyhead.tasks.targets import Dense
from polyhead.tasks.task_decider import Meter, TaskDecider

MIN_KNOWN = 20  # fewer say too little about the width of intervals


@dataclass(frozen=True)
class NumberDecider(TaskDecider):
    """The decider of a number task.

    Attributes:
        name: Key in the YAML.
        classes: None of them.
        range: Lowest and highest answer, when the user declared them.
        interval_scale: What the widths of the network's intervals are multiplied by.
        is_count: Whether it counts, so that answers are shown with one decimal at most.
    """

    type: ClassVar[str] = "number"
    score_name: ClassVar[str] = "R2"
    reading: ClassVar[str] = "in the unit of the labels."
    name: str
    classes: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    interval_scale: float = 1.0
    is_count: bool = False

    def select(self, dense: Dense, sizes: np.ndarray) -> list[NumberPrediction]:  # noqa: ARG002
        """The number, inside the declared range, with its interval where there is one."""
        columns = [column.tolist() for column in self.answers(dense)]
        rows = zip(*columns, strict=True)
        return [NumberPrediction(*row, is_count=self.is_count) for row in rows]

    def answers(self, dense: Dense) -> list[np.ndarray]:
        """(B,) float64 numbers, and lower and upper ends where the network gives any."""
        value = dense["value"].astype(np.float64)
        ends = [dense[key].astype(np.float64) for key in ("low", "high") if key in dense]
        scaled = [value + self.interval_scale * (end - value) for end in ends]
        return [np.clip(column, *(self.range or (None, None))) for column in (value, *scaled)]

    def meter(self) -> NumberTaskMeter:
        """A fresh meter of the predicted values."""
        return NumberTaskMeter(self)

    def fit(self, dense: Dense, targets: np.ndarray) -> NumberDecider:
        """The same decider, its intervals as wide as holds 80 % of the validation part.

        A network is surer of what it was trained on: its own intervals are too narrow. They are
        scaled by the ⌈0.8·(n + 1)⌉-th smallest |y − ŷ| / half width of n known rows, which
        covers at least 80 % of new rows on average; left as they are when n is below 20.
        Source: Lei et al., *Distribution-free predictive inference for regression*, 2018.
        """
        known = ~np.isnan(targets)
        num_known = int(known.sum())
        if "low" not in dense or num_known < MIN_KNOWN:
            return self
        value, low, high = (dense[key][known] for key in ("value", "low", "high"))
        ratios = np.sort(2 * np.abs(targets[known] - value) / (high - low))
        return replace(self, interval_scale=float(ratios[-(-4 * (num_known + 1) // 5) - 1]))

    def with_fit_of(self, before: TaskDecider) -> TaskDecider:
        """The earlier decider, within this run's range."""
        is_alike = isinstance(before, NumberDecider)
        return replace(before, range=self.range) if is_alike else before

    @classmethod
    def no_statistics(cls, num_classes: int) -> NumberStatistics:  # noqa: ARG003
        """Mean 0 and spread 1."""
        return NumberStatistics(mean=0.0, std=1.0)

    @classmethod
    def sample_size(cls, entry: Mapping[str, Any]) -> str:
        """Images whose number is known."""
        return f"{entry['num_known']:,} images"

    @classmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> NumberDecider:
        """From type, range, scale of intervals, and whether it counts: older runs do not say."""
        bounds = entry["range"] and (entry["range"][0], entry["range"][1])
        scale, is_count = entry["interval_scale"], entry.get("is_count", False)
        return cls(name, range=bounds, interval_scale=scale, is_count=is_count)

    def to_dict(self) -> dict[str, Any]:
        """Type, range, scale of intervals, and whether it counts."""
        bounds = None if self.range is None else list(self.range)
        return {
            "type": self.type,
            "range": bounds,
            "interval_scale": self.interval_scale,
            "is_count": self.is_count,
        }


class NumberTaskMeter(Meter):
    """A `NumberMeter` of the values as they are predicted.

    Args:
        decider: Whose answers are measured.
    """

    def __init__(self, decider: NumberDecider) -> None:
        self._decider, self._meter = decider, NumberMeter()
        self._seen: list[tuple[Dense, np.ndarray]] = []

    def update(self, dense: Dense, targets: np.ndarray) -> None:
        """Take one batch."""
        value, *ends = self._decider.answers(dense)
        self._meter.update(value, targets, *ends)
        self._seen.append((dense, targets))

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The task's part of `evaluation.json`."""
        return self._meter.compute(intervals=intervals)

    def fit(self, config: Any) -> NumberDecider:
        """The decider with intervals of the right width."""
        del config
        dense = {
            key: np.concatenate([part[key] for part, _ in self._seen]) for key in self._seen[0][0]
        }
        return self._decider.fit(dense, np.concatenate([targets for _, targets in self._seen]))

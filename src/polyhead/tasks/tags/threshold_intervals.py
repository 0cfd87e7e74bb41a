"""Confidence intervals of the thresholds of a tags task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from polyhead.metrics import TagThresholds


@dataclass(frozen=True)
class ThresholdIntervals:
    """How certain each of L thresholds is; no answer depends on it.

    Attributes:
        low: Lower end of the 95 % interval.
        high: Upper end.
        num_positive: Known positives that it was fitted on.
        num_known: Known cells that it was fitted on.
        unreachable: Whether no threshold meets what was asked, so that the label is never
            predicted.
        unlimited: Whether too few positives show what was asked, so that it is always predicted.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    num_positive: tuple[int, ...]
    num_known: tuple[int, ...]
    unreachable: tuple[bool, ...]
    unlimited: tuple[bool, ...] = ()  # runs of before

    @classmethod
    def of(cls, fitted: TagThresholds) -> ThresholdIntervals:
        """Of thresholds as fitted."""
        return cls.from_dict(
            {
                "low": fitted.low.tolist(),
                "high": fitted.high.tolist(),
                "num_positive": fitted.num_positive.tolist(),
                "num_known": fitted.num_known.tolist(),
                "unreachable": fitted.unreachable.tolist(),
                "unlimited": fitted.unlimited.tolist(),
            }
        )

    @classmethod
    def from_dict(cls, entry: Mapping[str, Sequence[Any]]) -> ThresholdIntervals:
        """As `to_dict` described them."""
        return cls(**{name: tuple(values) for name, values in entry.items()})

    def to_dict(self) -> dict[str, list[Any]]:
        """One list an attribute, for `classes.json`."""
        return {name: list(values) for name, values in asdict(self).items()}

    def columns(self) -> dict[str, np.ndarray]:
        """(L,) columns for the evaluation file; NaN where the label is never predicted."""
        never = np.array(self.unreachable, bool)
        return {
            "threshold_low": np.where(never, np.nan, self.low),
            "threshold_high": np.where(never, np.nan, self.high),
        }

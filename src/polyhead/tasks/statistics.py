"""Statistics of the training part, for losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LabelCounts:
    """How often each of C classes occurs in the training part, over known cells.

    Attributes:
        positive: (C,) cells that are yes.
        known: (C,) cells that are yes or no.
        rows: Images of which something is known.
    """

    positive: np.ndarray
    known: np.ndarray
    rows: int = 0

    @property
    def prior(self) -> np.ndarray:
        """(C,) smoothed prevalence: (positive + ½) / (known + 1)."""
        return (self.positive + 0.5) / (self.known + 1)


@dataclass(frozen=True)
class NumberStatistics:
    """What the training part of a number task is like, over known rows.

    Attributes:
        mean: μ, 0 when nothing is known.
        std: σ, 1 when all are equal or nothing is known.
    """

    mean: float
    std: float

    @classmethod
    def of(cls, numbers: np.ndarray) -> NumberStatistics:
        """Mean and standard deviation of (N,) known numbers."""
        if not len(numbers):
            return cls(mean=0.0, std=1.0)
        mean, std = float(numbers.mean(dtype=np.float64)), float(numbers.std(dtype=np.float64))
        # What single precision cannot tell from equal would blow up when divided by its spread.
        return cls(mean, std if std > max(1e-6 * abs(mean), 1e-30) else 1.0)


Statistics = LabelCounts | NumberStatistics

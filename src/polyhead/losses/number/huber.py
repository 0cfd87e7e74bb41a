"""Huber loss on standardised numbers."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from polyhead.losses.number.number_loss import NumberLoss
from polyhead.losses.option_rules import require
from polyhead.tasks.statistics import NumberStatistics


class Huber(NumberLoss):
    """Huber loss of z against t = (y−μ)/σ: ½(z−t)² while |z−t| ≤ δ, δ(|z−t| − ½δ) beyond.

    Source: Huber, *Robust estimation of a location parameter*, 1964. The answer is μ + σz.

    Args:
        statistics: μ and σ of the training part.
        delta: δ, in standard deviations.
    """

    def __init__(self, statistics: NumberStatistics, *, delta: float = 1.0) -> None:
        super().__init__(statistics)
        require(delta > 0, "delta", "strictly positive", delta)
        self.delta = delta

    def rows(self, z: Tensor, y: Tensor) -> Tensor:
        """(B,)."""
        standardised = (y - self.mean) / self.std
        return functional.huber_loss(z[:, 0], standardised, reduction="none", delta=self.delta)

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`value` (B,)."""
        return {"value": self.mean + self.std * logits[:, 0].float()}

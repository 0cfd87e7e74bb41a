"""Poisson likelihood for counts."""

from __future__ import annotations

import torch
from torch import Tensor

from polyhead.losses.number.number_loss import NumberLoss

LARGEST_LOG_RATIO = 15.0
SMALLEST_MEAN = 1e-3


class Poisson(NumberLoss):
    """Poisson likelihood: λ − y·log λ with λ = μ·e^z, divided by max(μ, 1).

    The division brings counts in thousands to the scale of the other tasks; it moves no optimum.
    The answer is λ, the expected count.

    Args:
        statistics: μ of the training part.
    """

    def rows(self, z: Tensor, y: Tensor) -> Tensor:
        """(B,)."""
        log_rate = self._log_rate(z)
        return (torch.exp(log_rate) - y * log_rate) / self.mean.clamp_min(1.0)

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`value` (B,)."""
        return {"value": torch.exp(self._log_rate(logits.float()))}

    def _log_rate(self, z: Tensor) -> Tensor:
        base = self.mean.clamp_min(SMALLEST_MEAN).log()
        return base + z[:, 0].clamp(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO)

"""Poisson likelihood for counts."""

from __future__ import annotations

import torch
from torch import Tensor

from polyhead.losses.number.number_loss import NumberLoss

LARGEST_LOG_RATIO = 15.0
SMALLEST_MEAN = 1e-3


class Poisson(NumberLoss):
    """Poisson likelihood: ℓ = (λ − y·log λ − y + y·log y)·μ/σ² with λ = μ·e^z.

    The factor μ/σ² brings the loss to that of a number in standard deviations: near its optimum it
    is ½(λ−y)²/σ², whatever the size and the spread of the counts; it moves no optimum. The answer
    is λ, the expected count.

    Args:
        statistics: μ and σ of the training part.
    """

    def rows(self, z: Tensor, y: Tensor) -> Tensor:
        """(B,)."""
        log_rate = self._log_rate(z)
        scale = self.mean.clamp_min(SMALLEST_MEAN) / self.std.square()
        return scale * (torch.exp(log_rate) - y * log_rate - y + torch.xlogy(y, y))

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`value` (B,)."""
        return {"value": torch.exp(self._log_rate(logits.float()))}

    def _log_rate(self, z: Tensor) -> Tensor:
        base = self.mean.clamp_min(SMALLEST_MEAN).log()
        return base + z[:, 0].clamp(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO)

"""Normal likelihood: a number with its own spread."""

from __future__ import annotations

import torch
from torch import Tensor

from polyhead.losses.number.number_loss import NumberLoss
from polyhead.losses.option_rules import require
from polyhead.tasks.statistics import NumberStatistics

HALF_OF_80_PERCENT = 1.2815515655446004  # Φ⁻¹(0.9)
LARGEST_LOG_SPREAD = 7.0


class Normal(NumberLoss):
    """β-weighted normal likelihood of t = (y−μ)/σ: ⌊e^{2βs}⌋·(½((t−z)/e^s)² + s), C = 2.

    z is the standardised mean, s the log of the standardised spread, ⌊·⌋ is not differentiated.
    β = 0 is the plain likelihood, which neglects what it finds hard; β = ½ balances.
    Source: Seitzer et al., *On the pitfalls of heteroscedastic uncertainty estimation*, 2022.

    Args:
        statistics: μ and σ of the training part.
        beta: β in [0, 1].
    """

    has_own_spread = True

    def __init__(self, statistics: NumberStatistics, *, beta: float = 0.5) -> None:
        super().__init__(statistics)
        require(0 <= beta <= 1, "beta", "in [0, 1]", beta)
        self.beta = beta

    def rows(self, z: Tensor, y: Tensor) -> Tensor:
        """(B,)."""
        log_spread = z[:, 1].clamp(-LARGEST_LOG_SPREAD, LARGEST_LOG_SPREAD)
        distance = ((y - self.mean) / self.std - z[:, 0]) * torch.exp(-log_spread)
        weight = torch.exp(2 * self.beta * log_spread).detach()
        return weight * (0.5 * distance**2 + log_spread)

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`value`, and `low` and `high` that hold 80 % between them, each (B,)."""
        z = logits.float()
        value = self.mean + self.std * z[:, 0]
        spread = self.std * torch.exp(z[:, 1].clamp(-LARGEST_LOG_SPREAD, LARGEST_LOG_SPREAD))
        half = HALF_OF_80_PERCENT * spread
        return {"value": value, "low": value - half, "high": value + half}

    def initial_logits(self) -> Tensor:
        """The mean, and the training part's own spread."""
        return torch.zeros(2)

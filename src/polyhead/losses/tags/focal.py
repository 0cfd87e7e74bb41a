"""Focal loss."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from polyhead.losses.option_rules import require
from polyhead.losses.precision import full_precision
from polyhead.losses.tags.focusing import focused, log_slope
from polyhead.losses.tags.inversion import invert
from polyhead.losses.tags.pointwise import PointwiseLoss
from polyhead.tasks.statistics import LabelCounts

REACH = 20.0  # logits between which training may start


class Focal(PointwiseLoss):
    """y·α·(1−p)^γ·softplus(−z) + (1−y)·(1−α)·p^γ·softplus(z), p = σ(z).

    Easy cells count less. Its optimum is no probability but
    odds = (1−α)·p^γ·[p − γ(1−p)·log(1−p)] / {α(1−p)^γ·[(1−p) − γp·log p]}: logits near 0 mean
    much surer answers than they look.
    Source: Lin et al., *Focal loss for dense object detection*, 2017; the link is its stationarity.

    Args:
        counts: Of the training part.
        gamma: γ ≥ 0.
        alpha: α in (0, 1), the weight of a positive; 0.5 prefers neither.

    Shapes:
        logits, targets, known (B, L).
    """

    def __init__(self, counts: LabelCounts, *, gamma: float = 2.0, alpha: float = 0.25) -> None:
        super().__init__(len(counts.prior))
        require(gamma >= 0, "gamma", "at least 0", gamma)
        require(0 < alpha < 1, "alpha", "between 0 and 1", alpha)
        self.gamma, self.alpha = gamma, alpha
        self._prior_logit = torch.logit(torch.from_numpy(counts.prior))

    def cells(self, logits: Tensor, targets: Tensor) -> Tensor:
        """α·y·ℓ⁺ + (1−α)(1−y)·ℓ⁻."""
        yes = self.alpha * targets * focused(logits, self.gamma)
        return yes + (1 - self.alpha) * (1 - targets) * focused(-logits, self.gamma)

    def log_odds(self, logits: Tensor) -> Tensor:
        """Logarithm of the slope of a negative over that of a positive."""
        z = full_precision(logits)
        slopes = log_slope(-z, self.gamma) - log_slope(z, self.gamma)
        return math.log((1 - self.alpha) / self.alpha) + slopes

    def initial_logits(self) -> Tensor:
        """Logits of the prior."""
        return invert(self.log_odds, self._prior_logit, REACH)

    def extra_repr(self) -> str:
        """The options."""
        return f"gamma={self.gamma}, alpha={self.alpha}"

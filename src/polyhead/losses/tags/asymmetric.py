"""Asymmetric loss."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import elu, logsigmoid, softplus

from polyhead.losses.option_rules import require
from polyhead.losses.precision import full_precision
from polyhead.losses.tags.focusing import steepening
from polyhead.losses.tags.inversion import invert
from polyhead.losses.tags.pointwise import PointwiseLoss
from polyhead.tasks.statistics import LabelCounts

LEAST_LOG_ODDS = -16.0  # a probability of 1e-7: below what a training set can resolve
REACH, MOST_START = 20.0, 6.0


class Asymmetric(PointwiseLoss):
    """y·(1−p)^γ⁺·softplus(−z) + (1−y)·p_m^γ⁻·(−log(1−p_m)), p = σ(z), p_m = max(p−m, 0).

    Easy negatives count little, and those with p ≤ m nothing. At its optimum
    odds = p_m^γ⁻·p / [(1−p_m)(1−p)^γ⁺] with `detach`, and without
    p(1−p)[p_m^γ⁻/(1−p_m) − γ⁻p_m^(γ⁻−1)·log(1−p_m)] / {(1−p)^γ⁺·[(1−p) − γ⁺p·log p]}.
    Two things cannot be read from such logits. Below p = m the loss is flat: log-odds go on
    from −16 with the logit, so that the order stays. And with γ⁺ = 0 and m > 0 odds end at
    (1−m)^γ⁻/m (P = .94 by default): labels surer than that all have their optimum at infinity.
    Source: Ridnik et al., *Asymmetric loss for multi-label classification*, 2021, whose authors
    train with the focusing weights held constant and γ⁺ = 0; the links are its stationarity.

    Args:
        counts: Of the training part.
        gamma_neg: γ⁻ ≥ 0.
        gamma_pos: γ⁺ ≥ 0.
        margin: m in [0, 1).
        detach: Whether the powers are weights that no gradient flows through.

    Shapes:
        logits, targets, known (B, L).
    """

    def __init__(
        self,
        counts: LabelCounts,
        *,
        gamma_neg: float = 4.0,
        gamma_pos: float = 0.0,
        margin: float = 0.05,
        detach: bool = True,
    ) -> None:
        super().__init__(len(counts.prior))
        require(gamma_neg >= 0, "gamma_neg", "at least 0", gamma_neg)
        require(gamma_pos >= 0, "gamma_pos", "at least 0", gamma_pos)
        require(0 <= margin < 1, "margin", "at least 0 and below 1", margin)
        self.gamma_neg, self.gamma_pos = gamma_neg, gamma_pos
        self.margin, self.detach = margin, detach
        self._prior_logit = torch.logit(torch.from_numpy(counts.prior))

    def cells(self, logits: Tensor, targets: Tensor) -> Tensor:
        """y·(1−p)^γ⁺·ℓ⁺ + (1−y)·p_m^γ⁻·ℓ⁻."""
        log_shifted, no = self._shifted(logits)
        powers = (self.gamma_pos * logsigmoid(-logits)).exp(), (self.gamma_neg * log_shifted).exp()
        yes_weight, no_weight = (power.detach() for power in powers) if self.detach else powers
        return targets * yes_weight * softplus(-logits) + (1 - targets) * no_weight * no

    def _shifted(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Logarithm of p_m, and −log(1−p_m); constants 0 where p ≤ m."""
        if not self.margin:
            return logsigmoid(logits), softplus(logits)
        p = torch.sigmoid(logits)
        shifted = torch.where(p > self.margin, p - self.margin, 0.0)
        # Twice `where`: no gradient of log 0, not even one that is then left out.
        log_shifted = torch.where(shifted > 0, shifted, 1.0).log()
        return log_shifted, -torch.log1p(-shifted)

    def log_odds(self, logits: Tensor) -> Tensor:
        """Logarithm of the slope of a negative over that of a positive."""
        z = full_precision(logits)
        log_shifted, cost = self._shifted(z)
        found = self.gamma_neg * log_shifted - self.gamma_pos * logsigmoid(-z)
        found = found + (logsigmoid(z) + cost if self.margin else z)
        if not self.detach:
            found = found + self._steepening(z, log_shifted, cost) - steepening(z, self.gamma_pos)
        return self._with_tail(z, found) if self.margin else found

    def _steepening(self, z: Tensor, log_shifted: Tensor, cost: Tensor) -> Tensor:
        """The term from the gradient of p_m^γ⁻: log1p(−γ⁻·(1−p_m)/p_m·log(1−p_m))."""
        if not self.margin:
            return steepening(-z, self.gamma_neg)
        return torch.log1p(self.gamma_neg * cost * (-cost - log_shifted).exp())

    def _with_tail(self, z: Tensor, found: Tensor) -> Tensor:
        """Log-odds that continue where p ≤ m, rising with the logit."""
        above = z - math.log(self.margin / (1 - self.margin))
        tail = LEAST_LOG_ODDS - elu(-above)  # above p = m it rises by no more than 1
        return torch.where(torch.sigmoid(z) > self.margin, torch.maximum(found, tail), tail)

    def initial_logits(self) -> Tensor:
        """Logits of the prior, at most 6: higher ones would hardly ever come down."""
        return invert(self.log_odds, self._prior_logit, REACH).clamp(max=MOST_START)

    def extra_repr(self) -> str:
        """The options."""
        focus = f"gamma_neg={self.gamma_neg}, gamma_pos={self.gamma_pos}"
        return f"{focus}, margin={self.margin}, detach={self.detach}"

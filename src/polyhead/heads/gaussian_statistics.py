"""Sums over the training part that class-conditional Gaussians follow from."""

from __future__ import annotations

import torch
from torch import Tensor

SMALLEST_VARIANCE = 1e-12  # where no feature varies at all


class GaussianStatistics:
    """n=Σk, n₁=Σky, S₁=(ky)ᵀX, S=kᵀX, Q=kᵀX² per output and feature, in float64.

    X is shifted by the first batch's mean: a variance is the difference of two large sums when
    the mean is large.

    Args:
        features: (B, D) of the first batch, which the shift is taken from.
        num_outputs: L.
        exclusive: Whether the outputs are classes of which exactly one holds.

    Attributes:
        shift: (D,).
        exclusive: As the argument.
    """

    def __init__(self, features: Tensor, num_outputs: int, *, exclusive: bool) -> None:
        self.exclusive = exclusive
        self.shift = features.double().mean(0)
        shape = (num_outputs, features.shape[1])
        self._known, self._positive = (self.shift.new_zeros(num_outputs, 1) for _ in range(2))
        self._sum, self._positive_sum, self._squares = (
            self.shift.new_zeros(shape) for _ in range(3)
        )

    def add(self, features: Tensor, targets: Tensor, known: Tensor) -> None:
        """Take in (B, D) features, and (B, L) or (B,) targets with their known cells."""
        x = features.double() - self.shift
        k = known.double()
        y = torch.where(known, targets, 0)
        if self.exclusive:
            num_outputs = len(self._known)
            y = torch.nn.functional.one_hot(y.long(), num_outputs) * known[:, None]
            k = k[:, None].expand(-1, num_outputs)
        y = y.double()
        self._known += k.sum(0)[:, None]
        self._positive += y.sum(0)[:, None]
        self._sum += k.T @ x
        self._positive_sum += y.T @ x
        self._squares += k.T @ x.square()

    def posterior(self, floor: float) -> tuple[Tensor, Tensor]:
        """Weight (L, D) and bias (L,) of the posterior, linear in features less `shift`.

        Args:
            floor: Share of the mean variance that is added to every variance.
        """
        return self._of_classes(floor) if self.exclusive else self._of_tags(floor)

    def _of_tags(self, floor: float) -> tuple[Tensor, Tensor]:
        """w=(μ₁−μ₀)/v, b=log(n₁/n₀) − ½Σ_d(μ₁²−μ₀²)/v; the prior alone where one side is empty."""
        n, n1 = self._known, self._positive
        n0 = n - n1
        mean1 = self._positive_sum / n1.clamp_min(1)
        mean0 = (self._sum - self._positive_sum) / n0.clamp_min(1)
        explained = n1 * mean1.square() + n0 * mean0.square()
        variance = self._variance(explained, floor)
        both = (n1 > 0) & (n0 > 0)
        weight = torch.where(both, (mean1 - mean0) / variance, 0)
        # (μ₁−μ₀)(μ₁+μ₀) keeps the digits that μ₁²−μ₀² would lose.
        evidence = (weight * (mean1 + mean0)).sum(1) / 2
        return weight, ((n1 + 0.5) / (n0 + 0.5)).log()[:, 0] - evidence

    def _of_classes(self, floor: float) -> tuple[Tensor, Tensor]:
        """w_j=μ_j/v, b_j=log π_j − ½Σμ_j²/v; a class without images gets the mean of all."""
        n, counts = self._known, self._positive
        overall = self._sum / n.clamp_min(1)
        means = torch.where(counts > 0, self._positive_sum / counts.clamp_min(1), overall)
        explained = (counts * means.square()).sum(0, keepdim=True)
        weight = means / self._variance(explained, floor)
        prior = (counts + 0.5) / (n + 0.5 * len(n))
        return weight, prior.log()[:, 0] - (weight * means).sum(1) / 2

    def _variance(self, explained: Tensor, floor: float) -> Tensor:
        """(Q − explained)/n, plus the floor."""
        n = self._known.clamp_min(1)
        within = ((self._squares - explained) / n).clamp_min(0)
        total = self._squares / n - (self._sum / n).square()
        return within + floor * total.mean(1, keepdim=True) + SMALLEST_VARIANCE

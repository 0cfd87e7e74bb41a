"""The likelihood of what is known of an image, unknown labels summed out over half sets."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from polyhead.field.halves import Halves

SMALLEST_SUM = 1e-200  # below it, terms may have been lost to underflow


class HalfSums(nn.Module):
    """−Σ log P(known labels) = Σ lse over all legal sets − lse over those that agree.

    A set (a, b) weighs exp(u·a) E_ab exp(u·b), E = exp(½ (s−μ)ᵀ W (s−μ)), so that 2^n sets cost
    two products with a matrix of 2^(n/2) × 2^(n/2). In fp64, where the device has it.

    Args:
        halves: Of the legal sets.

    Shapes:
        unaries, targets of 0 and 1, known (B, L); couplings (L, L); means (L,).
    """

    order: Tensor
    left: Tensor
    right: Tensor
    forbidden: Tensor | None

    def __init__(self, halves: Halves) -> None:
        super().__init__()
        self.num_left = halves.num_left
        self.register_buffer("order", torch.from_numpy(halves.order), persistent=False)
        self.register_buffer("left", torch.from_numpy(halves.left), persistent=False)
        self.register_buffer("right", torch.from_numpy(halves.right), persistent=False)
        forbidden = None if halves.meets is None else torch.from_numpy(~halves.meets)
        self.register_buffer("forbidden", forbidden, persistent=False)

    def forward(
        self, unaries: Tensor, targets: Tensor, known: Tensor, couplings: Tensor, means: Tensor
    ) -> Tensor:
        """The sum over images, (); those that no legal set agrees with teach nothing."""
        kind = torch.float32 if unaries.device.type == "mps" else torch.float64
        u, y, is_known = (
            unaries.to(kind)[:, self.order],
            targets[:, self.order],
            known[:, self.order],
        )
        meeting = self._meeting(couplings.to(kind), means.to(kind))
        everything = self._log_sum(u, None, meeting)
        agreeing = self._log_sum(u, torch.where(is_known, y.to(kind), -1.0), meeting)
        rows = torch.isfinite(everything) & torch.isfinite(agreeing)
        return (everything[rows] - agreeing[rows]).sum().float()

    def _meeting(self, couplings: Tensor, means: Tensor) -> Tensor:
        """(A, B) E over its largest element, 0 where a and b may not meet."""
        middle, w = self.num_left, couplings[self.order][:, self.order]
        centre = means[self.order]
        left = self.left.to(w.dtype) - centre[:middle]
        right = self.right.to(w.dtype) - centre[middle:]
        energy = (left @ w[:middle, middle:]) @ right.T
        energy = energy + 0.5 * ((left @ w[:middle, :middle]) * left).sum(1)[:, None]
        energy = energy + 0.5 * ((right @ w[middle:, middle:]) * right).sum(1)
        if self.forbidden is not None:
            energy = energy.masked_fill(self.forbidden, float("-inf"))
        return (energy - energy.detach().max()).exp()

    def _log_sum(self, u: Tensor, evidence: Tensor | None, meeting: Tensor) -> Tensor:
        """(B,) log Σ over sets that agree, up to what all sums share; −inf or NaN for none."""
        middle = self.num_left
        halves = ((self.left, slice(middle)), (self.right, slice(middle, None)))
        weights, peaks = [], []
        for sets, labels in halves:
            score = u[:, labels] @ sets.to(u.dtype).T
            if evidence is not None:
                ours, has = evidence[:, labels], sets.to(u.dtype)
                wrong = (ours == 1).to(u.dtype) @ (1 - has).T + (ours == 0).to(u.dtype) @ has.T
                score = score.masked_fill(wrong > 0.5, float("-inf"))
            peak = score.detach().amax(1).clamp_min(torch.finfo(u.dtype).min)
            weights.append((score - peak[:, None]).exp())
            peaks.append(peak)
        total = ((weights[0] @ meeting) * weights[1]).sum(1)
        found = torch.where(total > SMALLEST_SUM, total, 1.0).log() + peaks[0] + peaks[1]
        return torch.where(total > SMALLEST_SUM, found, float("-inf"))

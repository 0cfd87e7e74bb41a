"""Couplings of low rank that gates of an image add to those of all images."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

GAIN = 10.0  # directions a unit of their parameter: they are of size 1, and steps are small
START = 0.2  # spread of a_ri at the start: at 0 neither gates nor directions would have a gradient


class LowRank(nn.Module):
    """Σ_r α_r a_r a_rᵀ, but for the diagonal and pairs that a rule joins.

    Args:
        rank: R, at least 1.
        ruled: (L, L) bool, symmetric with a False diagonal: the pairs that a rule joins.
    """

    ruled: Tensor

    def __init__(self, rank: int, ruled: Tensor) -> None:
        super().__init__()
        self.parameter = nn.Parameter(START / GAIN * torch.randn(rank, len(ruled)))
        self.register_buffer("ruled", ruled.float(), persistent=False)
        self.has_rules = bool(ruled.any())

    @property
    def directions(self) -> Tensor:
        """(R, L) a."""
        return GAIN * self.parameter

    def to_numpy(self) -> np.ndarray:
        """(R, L) float64 a, without gradient."""
        return self.directions.detach().cpu().double().numpy()

    def pull(self, centred: Tensor, gates: Tensor) -> Tensor:
        """(B, L) Σ_r α_r Σ_j a_ri a_rj (y_j − μ_j), in O(BLR) where there are no rules.

        Args:
            centred: (B, L) y − μ.
            gates: (B, R) α.
        """
        parts = centred[:, None] * self.directions
        others = parts.sum(-1, keepdim=True) - parts
        if self.has_rules:
            others = others - parts @ self.ruled
        return (gates[:, :, None] * self.directions * others).sum(1)

    def couplings(self, gates: Tensor) -> Tensor:
        """(B, L, L) what gates (B, R) add to W."""
        free = 1 - self.ruled - torch.eye(len(self.ruled), device=self.ruled.device)
        return torch.einsum("br,ri,rj->bij", gates, self.directions, self.directions) * free

    def energies(self, centred: Tensor) -> Tensor:
        """(R, M) ½ Σ_ij a_ri a_rj c_i c_j of centred states c (M, L)."""
        return self._over_pairs(self.directions[:, None] * centred)

    def penalty(self, l2: float, l1: float) -> Tensor:
        """l2 · Σ (a_ri a_rj)² + l1 · Σ |a_ri a_rj| over r and pairs: what they add at most."""
        squares, sizes = self.directions.square(), self.directions.abs()
        return (l2 * self._over_pairs(squares) + l1 * self._over_pairs(sizes)).sum()

    def initial_logits(self) -> Tensor:
        """(R,) outputs of the head before it has learnt: zeros, gates that are shut."""
        return torch.zeros(len(self.parameter))

    def _over_pairs(self, values: Tensor) -> Tensor:
        """(…) Σ over pairs i < j that may be coupled of v_i v_j, of v (…, L)."""
        total = values.sum(-1).square() - values.square().sum(-1)
        if self.has_rules:
            total = total - ((values @ self.ruled) * values).sum(-1)
        return total / 2

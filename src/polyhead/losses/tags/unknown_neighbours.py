"""The influence of unknown labels on known ones, each summed out by itself."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus
from torch.utils.checkpoint import checkpoint

MAX_CELLS = 2**22  # pairs of labels of images held at once: 16 MB an array


def unknown_pull(
    unaries: Tensor, targets: Tensor, known: Tensor, couplings: Tensor, means: Tensor
) -> Tensor:
    """Σ over unknown j of log Σ_{y_j} P(y_j | others) exp(W_ij (y_j − μ_j)), for each known i.

    Of one unknown label this is what summing over it gives, softplus(h_j + W_ij) − softplus(h_j) −
    W_ij μ_j with h_j its log-odds where i is no. Other unknown labels count in h_j as
    σ(u_k) − μ_k, which knows nothing of y_i.

    Args:
        unaries: (B, L) u, without gradient where unknown.
        targets: (B, L) of 0 and 1.
        known: (B, L) bool.
        couplings: (L, L), or (B, L, L) where images have their own.
        means: (L,) μ.

    Returns:
        (B, L) to be added to log-odds.
    """
    centred = torch.where(known, targets, torch.sigmoid(unaries)) - means
    pulled = unaries + (centred[:, None] @ couplings)[:, 0]
    step = max(1, MAX_CELLS // couplings.shape[-1] ** 2)
    parts = [
        checkpoint(
            _summed_out,
            pulled[rows],
            torch.where(known, targets, 0.0)[rows],
            known[rows],
            couplings if couplings.dim() == 2 else couplings[rows],
            means,
            use_reentrant=False,
        )
        for rows in torch.arange(len(unaries), device=unaries.device).split(step)
    ]
    return torch.cat(parts)


def _summed_out(
    pulled: Tensor, yes: Tensor, known: Tensor, couplings: Tensor, means: Tensor
) -> Tensor:
    """(b, L): over j, the last axis, of cells (b, i, j)."""
    without = pulled[:, None] - couplings * yes[:, :, None]  # as if i were no
    terms = softplus(without + couplings) - softplus(without) - couplings * means
    return torch.where(known[:, None], 0.0, terms).sum(-1)

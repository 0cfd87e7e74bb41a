"""Softmax on multi-hot targets: the textbook recipe for tags, kept as a baseline."""

from __future__ import annotations

import torch
from torch import Tensor

from polyhead.losses.loss import LabelCounts, ProbabilityLoss


class Softmax(ProbabilityLoss):
    """Categorical cross-entropy on normalised multi-hot targets: −Σ_c t_c·log softmax(z)_c.

    t = y/|y|. Not the default, because its optimum softmax(z)_c = E[y_c/|y|] is a share of label
    mass and no probability: two certain labels get .5 each, "no label" has no meaning, and rows
    without a yes teach nothing. Unknown cells are left out of the softmax. Shares rank labels;
    they have no inverse link, so `link` returns the shares themselves and the fitted thresholds
    are what makes labels of them.

    Args:
        counts: Of the training part.

    Shapes:
        logits, targets, known (B, L).
    """

    task_type = "tags"

    def __init__(self, counts: LabelCounts) -> None:
        super().__init__()
        self._log_share = torch.from_numpy(counts.prior).float().log()

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """Sum over rows with a known yes."""
        y = torch.where(known, targets.float(), 0.0)
        total = y.sum(-1, keepdim=True)
        z = torch.where(known, logits.float(), float("-inf"))
        z = torch.where(total > 0, z, 0.0)
        log_share = torch.where(y > 0, torch.log_softmax(z, -1), 0.0)
        return -(y / total.clamp_min(1) * log_share).sum()

    def count(self, targets: Tensor, known: Tensor) -> Tensor:
        """Rows with a known yes."""
        return (torch.where(known, targets, 0) > 0).any(-1).sum()

    def link(self, logits: Tensor) -> Tensor:
        """Shares of label mass; they sum to 1 over the labels."""
        return torch.softmax(logits.float(), -1)

    def start(self) -> Tensor:
        """log(prior)."""
        return self._log_share

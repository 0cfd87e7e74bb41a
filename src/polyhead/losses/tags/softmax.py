"""Softmax on multi-hot targets: the textbook recipe for tags, kept as a baseline."""

from __future__ import annotations

import torch
from torch import Tensor

from polyhead.losses.tags.named_loss import NamedTagsLoss
from polyhead.tasks.statistics import LabelCounts

MAX_LOG_ODDS = 80.0


class Softmax(NamedTagsLoss):
    """Categorical cross-entropy on normalised multi-hot targets: −Σ_c t_c·log softmax(z)_c.

    t = y/|y|. Not the default, because its optimum softmax(z)_c = E[y_c/|y|] is a share of label
    mass and no probability: two certain labels get .5 each, "no label" has no meaning, and rows
    without a positive teach nothing. Unknown cells are left out of the softmax. Shares rank labels;
    they have no inverse link: the calibration fitted on validation makes probabilities of them.

    Args:
        counts: Of the training part.

    Shapes:
        logits, targets, known (B, L).
    """

    has_link = False

    def __init__(self, counts: LabelCounts) -> None:
        super().__init__(len(counts.prior))
        self._log_share = torch.from_numpy(counts.prior).float().log()

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """Sum over rows with a known positive."""
        y = torch.where(known, targets.float(), 0.0)
        total = y.sum(-1, keepdim=True)
        z = torch.where(known, logits.float(), float("-inf"))
        z = torch.where(total > 0, z, 0.0)
        log_share = torch.where(y > 0, torch.log_softmax(z, -1), 0.0)
        return -(y / total.clamp_min(1) * log_share).sum()

    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:
        """Rows with a known positive."""
        return (torch.where(known, targets, 0) > 0).any(-1).sum()

    def log_odds(self, logits: Tensor) -> Tensor:
        """The logit of each label's share s: log s − log(1 − s)."""
        log_share = torch.log_softmax(logits.float(), -1)
        # A label with all the mass has infinite log-odds: cut at the resolution of fp32.
        others = torch.log(-torch.expm1(log_share)).clamp_min(-MAX_LOG_ODDS)
        return (log_share - others).clamp_min(-MAX_LOG_ODDS)

    def initial_logits(self) -> Tensor:
        """log(prior)."""
        return self._log_share

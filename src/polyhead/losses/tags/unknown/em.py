"""Unknown cells are kept undecided."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from polyhead.losses.option_rules import require
from polyhead.losses.tags.unknown.missing_labels import MissingLabels
from polyhead.tasks.statistics import LabelCounts


class Em(MissingLabels):
    """Entropy maximisation: −α·H(P) of each unknown cell, H = −P·log P − (1−P)·log(1−P), in nats.

    Keeps the network from being sure where nobody was, which a loss of known positives alone would
    make it. Its part that also makes labels up is left out.
    Source: Zhou et al., *Acknowledging the unknown for multi-label learning with single positive
    labels*, 2022, which takes α from .01 to .2 by data set.

    Args:
        counts: Of the training part.
        alpha: α ≥ 0.
    """

    needs_link = True

    def __init__(self, counts: LabelCounts, *, alpha: float = 0.1) -> None:
        super().__init__(counts)
        require(alpha >= 0, "alpha", "at least 0", alpha)
        self.alpha = alpha

    def penalty(self, log_odds: Tensor, known: Tensor) -> Tensor:
        """−α·ΣH over unknown cells of images of which something is known."""
        undecided = known.any(1, keepdim=True) & ~known
        yes, no = torch.sigmoid(log_odds), torch.sigmoid(-log_odds)
        entropy = yes * softplus(-log_odds) + no * softplus(log_odds)
        return -self.alpha * torch.where(undecided, entropy, 0.0).sum()

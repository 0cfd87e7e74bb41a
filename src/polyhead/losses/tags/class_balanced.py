"""Class-balanced binary cross-entropy."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from polyhead.losses.option_rules import require
from polyhead.losses.precision import full_precision
from polyhead.losses.tags.pointwise import PointwiseLoss
from polyhead.tasks.statistics import LabelCounts


class ClassBalanced(PointwiseLoss):
    """Binary cross-entropy times w_c ∝ (1−β)/(1−β^n_c), n_c positives of class c, mean weight 1.

    (1−β^n)/(1−β) is the effective number of n images that overlap: rare labels count more, by at
    most 1/(1−β) to 1. Yes and no weigh the same, so logits stay log-odds.
    Source: Cui et al., *Class-balanced loss based on effective number of samples*, 2019.

    Args:
        counts: Of the training part.
        beta: β in [0, 1); 0 is plain binary cross-entropy.

    Shapes:
        logits, targets, known (B, L).
    """

    weight: Tensor

    def __init__(self, counts: LabelCounts, *, beta: float = 0.999) -> None:
        super().__init__(len(counts.prior))
        require(0 <= beta < 1, "beta", "at least 0 and below 1", beta)
        self.beta = beta
        # A class without a positive weighs as one with a single positive.
        weight = (1 - beta) / (1 - beta ** np.maximum(counts.positive, 1.0))
        self.register_buffer("weight", torch.from_numpy(weight / weight.mean()).float())
        self._prior_logit = torch.logit(torch.from_numpy(counts.prior)).float()

    def cells(self, logits: Tensor, targets: Tensor) -> Tensor:
        """w·[y·softplus(−z) + (1−y)·softplus(z)]."""
        return self.weight * (targets * softplus(-logits) + (1 - targets) * softplus(logits))

    def log_odds(self, logits: Tensor) -> Tensor:
        """The logits."""
        return full_precision(logits)

    def initial_logits(self) -> Tensor:
        """logit(prior)."""
        return self._prior_logit

    def extra_repr(self) -> str:
        """The options."""
        return f"beta={self.beta}"

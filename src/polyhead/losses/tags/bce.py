"""Binary cross-entropy."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from polyhead.losses.precision import full_precision
from polyhead.losses.tags.pointwise import PointwiseLoss
from polyhead.tasks.statistics import LabelCounts

MAX_AUTO_WEIGHT = 20.0


class Bce(PointwiseLoss):
    """Binary cross-entropy per label: y·w·softplus(−z) + (1−y)·softplus(z).

    Its optimum is odds = w·P/(1−P), so the probability is σ(z − log w).

    Args:
        counts: Of the training part.
        pos_weight: w; `auto` takes negatives/positives of each class, between 1 and 20.

    Shapes:
        logits, targets, known (B, L).
    """

    reads_log_posterior = True
    log_weight: Tensor

    def __init__(self, counts: LabelCounts, *, pos_weight: float | Literal["auto"] = 1.0) -> None:
        super().__init__(len(counts.prior))
        if pos_weight == "auto":
            odds = 1 / counts.prior - 1
            weight = np.clip(odds, 1.0, MAX_AUTO_WEIGHT)
        elif pos_weight > 0:
            weight = np.full(len(counts.prior), pos_weight)
        else:
            raise ValueError(
                "Parameter `pos_weight` should be strictly positive or auto. "
                f"Found `pos_weight = {pos_weight}`."
            )
        self.is_likelihood = pos_weight == 1
        log_weight = torch.from_numpy(np.log(weight)).float()
        self.register_buffer("log_weight", log_weight)
        self._prior_logit = torch.logit(torch.from_numpy(counts.prior)).float()

    def cells(self, logits: Tensor, targets: Tensor) -> Tensor:
        """w·y·softplus(−z) + (1−y)·softplus(z)."""
        yes = targets * self.log_weight.exp() * softplus(-logits)
        return yes + (1 - targets) * softplus(logits)

    def log_odds(self, logits: Tensor) -> Tensor:
        """Logits without the weight: z − log w."""
        return full_precision(logits) - self.log_weight

    def initial_logits(self) -> Tensor:
        """logit(prior) + log w."""
        return self._prior_logit + self.log_weight.cpu()

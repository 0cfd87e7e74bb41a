"""The base class of losses whose logits only rank labels and have no inverse link."""

from __future__ import annotations

from abc import ABC

import torch
from torch import Tensor

from polyhead.losses.precision import full_precision
from polyhead.losses.tags.named_loss import NamedTagsLoss
from polyhead.tasks.statistics import LabelCounts


class RankedLoss(NamedTagsLoss, ABC):
    """A loss without an inverse link: probabilities come from the calibration on validation.

    Args:
        counts: Of the training part.
    """

    has_link = False

    def __init__(self, counts: LabelCounts) -> None:
        super().__init__(len(counts.prior))
        self._prior_logit = torch.logit(torch.from_numpy(counts.prior)).float()

    def log_odds(self, logits: Tensor) -> Tensor:
        """The logits themselves."""
        return full_precision(logits)

    def initial_logits(self) -> Tensor:
        """logit(prior)."""
        return self._prior_logit

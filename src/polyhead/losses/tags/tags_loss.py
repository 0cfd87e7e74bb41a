"""The base class of tags losses: log-odds of the logits, and their calibration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from polyhead.losses.loss import ProbabilityLoss
from polyhead.losses.sampled_shares import label_shift

if TYPE_CHECKING:
    from polyhead.tasks.tags.meter import TagsTaskMeter


class TagsLoss(ProbabilityLoss, ABC):
    """A loss over yes/no labels: probability = σ(scale · (log_odds(z) − shown) + shift).

    Scale and shift are 1 and 0 until `calibrate` sets what was fitted on validation; shown is 0
    unless a sampler showed labels more often than they are.

    Args:
        num_classes: L.

    Attributes:
        has_link: Whether the optimum of the loss is known to be `log_odds(z) = logit P`. Losses
            without one rank labels; their probabilities come from the calibration alone.
        is_likelihood: Whether it is the plain likelihood of labels that do not depend on each
            other, which a field may replace.
    """

    task_type = "tags"
    neutral_calibration = MappingProxyType({"scale": 1.0, "shift": 0.0})
    has_link: bool = True
    is_likelihood: bool = False
    scale: Tensor
    shift: Tensor
    shown: Tensor

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(num_classes))
        self.register_buffer("shift", torch.zeros(num_classes))
        self.register_buffer("shown", torch.zeros(num_classes))

    @abstractmethod
    def log_odds(self, logits: Tensor) -> Tensor:
        """(B, L) fp32 log-odds of the logits by the form of the loss."""

    def calibrate(self, scale: Tensor, shift: Tensor) -> None:
        """Set the affine map from log-odds to calibrated log-odds, (L,) each."""
        self.scale.copy_(scale)
        self.shift.copy_(shift)

    def calibrate_by(self, meter: TagsTaskMeter) -> list[str]:
        """Fit scale and shift."""
        found = meter.calibrate(has_link=self.has_link)
        self.calibrate(torch.from_numpy(found.scale), torch.from_numpy(found.shift))
        return []

    def undo_sampling(self, labels: np.ndarray, expected: np.ndarray) -> None:
        """Keep logit(π′) − logit(π), π′ the shares shown: right on average for joint labels.

        Without a link, only the calibration turns logits into log-odds.
        """
        if self.has_link:
            self.shown.copy_(torch.from_numpy(label_shift(labels, expected)))

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`logits`, the calibrated log-odds, and `probabilities`; (B, L) fp32 each."""
        log_odds = self.scale * (self.log_odds(logits) - self.shown) + self.shift
        return {"logits": log_odds, "probabilities": torch.sigmoid(log_odds)}

    def link(self, logits: Tensor) -> Tensor:
        """The calibrated probabilities."""
        return self.dense(logits)["probabilities"]

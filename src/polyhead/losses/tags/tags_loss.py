"""What every loss of a tags task is: log-odds that its logits stand for, and their calibration."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from polyhead.losses.loss import ProbabilityLoss


class TagsLoss(ProbabilityLoss, ABC):
    """A loss over yes/no labels: probability = σ(scale · (log_odds(z) − shown) + shift).

    Scale and shift are 1 and 0 until `calibrate` sets what was fitted on validation; shown is 0
    unless a sampler showed labels more often than they are.

    Args:
        num_classes: L.

    Attributes:
        has_link: Whether the optimum of the loss is known to be `log_odds(z) = logit P`. Losses
            without one rank labels; their probabilities come from the calibration alone.
    """

    task_type = "tags"
    has_link: bool = True
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
        """(B, L) fp32 log-odds that the logits stand for by the form of the loss."""

    def calibrate(self, scale: Tensor, shift: Tensor) -> None:
        """Set the affine map from log-odds to calibrated log-odds, (L,) each."""
        self.scale.copy_(scale)
        self.shift.copy_(shift)

    def undo_sampling(self, shift: Tensor) -> None:
        """Set (L,) logit(π′) − logit(π): a sampler showed labels in shares π′ instead of π."""
        self.shown.copy_(shift)

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`logits`, the calibrated log-odds, and `probabilities`; (B, L) fp32 each."""
        log_odds = self.scale * (self.log_odds(logits) - self.shown) + self.shift
        return {"logits": log_odds, "probabilities": torch.sigmoid(log_odds)}

    def link(self, logits: Tensor) -> Tensor:
        """The calibrated probabilities."""
        return self.dense(logits)["probabilities"]

"""A loss of tags together with a strategy for unknown cells."""

from __future__ import annotations

import torch
from torch import Tensor

from polyhead.losses.tags.tags_loss import TagsLoss
from polyhead.losses.tags.unknown.missing_labels import MissingLabels


class PartialTags(TagsLoss):
    """The loss over the cells that the strategy makes known, plus the strategy's penalty.

    Counts stay those of the loss, so that both are divided by the same.

    Args:
        loss: Of the known cells; its links are those of the whole.
        unknown: The strategy.
    """

    def __init__(self, loss: TagsLoss, unknown: MissingLabels) -> None:
        super().__init__(len(loss.scale))
        self.loss, self.unknown = loss, unknown
        self.has_link = loss.has_link
        self.joins_images = loss.joins_images or unknown.joins_images

    @property
    def image_factor(self) -> float:
        """Of the loss."""
        return self.loss.image_factor

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """The loss's sum plus the penalty."""
        found = self.loss(logits, *self.unknown.read(targets, known))
        annotated = known.any(1, keepdim=True)
        log_odds = self.log_odds(torch.where(annotated, logits.float(), 0.0))
        return found + self.unknown.penalty(log_odds, known)

    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:
        """The terms of the loss over the cells that the strategy makes known."""
        return self.loss.num_terms(*self.unknown.read(targets, known))

    def log_odds(self, logits: Tensor) -> Tensor:
        """Of the loss."""
        return self.loss.log_odds(logits)

    def set_progress(self, share: float) -> None:
        """Set it in the loss."""
        self.loss.set_progress(share)

    def initial_logits(self) -> Tensor:
        """Of the loss."""
        return self.loss.initial_logits()

"""A penalty on the mean number of labels per image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from polyhead.losses.option_rules import require
from polyhead.losses.tags.unknown.missing_labels import MissingLabels
from polyhead.tasks.statistics import LabelCounts

MOST_SHARE = 0.9  # of images that a class is taken to be in before anything is learnt


class ExpectedPositive(MissingLabels):
    """Expected-positive regularisation: R = ((k̂ − k)/L)², k̂ the batch's mean number Σ_c P_c.

    Known cells and R balance each other as in the paper, where the loss is (Σ_known ℓ)/(B·L) + R
    over B images: to the sum over known cells B·L·R is added. k̂ is the mean of one step, so
    steps should not be small.
    Source: Cole et al., *Multi-label learning from single positive labels*, 2021, eq. 6 with the
    square for a norm.

    Args:
        counts: Of the training part.
        num_positive: k, labels of an image on average; by default the sum of the prevalences
            over known cells, which needs known negatives and labels that are missing at random.

    Raises:
        ValueError: `num_positive` is not set, and cannot be derived from the data.
    """

    needs_link = True
    joins_images = True

    def __init__(self, counts: LabelCounts, *, num_positive: float | None = None) -> None:
        super().__init__(counts)
        if num_positive is None:
            if self.only_yes.any():
                raise ValueError(
                    "Parameter `num_positive` should be set where classes have no known negative: "
                    "how many labels an image has on average. Found none, and "
                    f"{self.only_yes.sum()} such classes."
                )
            num_positive = float(counts.prior.sum())
        num_classes = len(counts.prior)
        rule = f"above 0 and at most the {num_classes} classes"
        require(0 < num_positive <= num_classes, "num_positive", rule, num_positive)
        self.num_positive = num_positive

    def penalty(self, log_odds: Tensor, known: Tensor) -> Tensor:
        """B·L·R over the B images of which something is known."""
        counted = known.any(1, keepdim=True)
        num_images = counted.sum()
        total = torch.where(counted, torch.sigmoid(log_odds), 0.0).sum()
        apart = total - self.num_positive * num_images
        return apart.square() / (num_images.clamp(min=1) * known.shape[1])

    def counts(self) -> LabelCounts:
        """Classes without a known no share what the others leave of `num_positive`."""
        counts, unsure = super().counts(), self.only_yes
        if not unsure.any():
            return counts
        left = self.num_positive - counts.prior[~unsure].sum()
        shares = left * counts.positive / counts.positive[unsure].sum()
        shares = np.clip(shares, counts.positive / np.maximum(counts.known, 1), MOST_SHARE)
        return replace(counts, positive=np.where(unsure, shares * counts.known, counts.positive))

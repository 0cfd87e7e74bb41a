"""Distribution-balanced loss."""

from __future__ import annotations

import torch
from torch import Tensor

from polyhead.losses.option_rules import require
from polyhead.losses.tags.focusing import focused
from polyhead.losses.tags.pointwise import PointwiseLoss
from polyhead.losses.tags.ranked import RankedLoss
from polyhead.tasks.statistics import LabelCounts

GAMMA, KAPPA = 2.0, 0.05
LIFT, STEEPNESS = 0.1, 10.0  # α and β of the smoothed weight
BALANCE = 2.0


class DistributionBalanced(RankedLoss, PointwiseLoss):
    """r̂·[y·2(1−p)²·softplus(−z') + (1−y)/λ·2σ(λz')²·softplus(λz')], p = σ(z').

    For long tails. z' = z + (κ/λ)·logit(π_c) shifts rare labels, π the prior; r̂ = α + σ(β(r − μ))
    with r = (1/π_c)/Σ_j y_j/π_j takes back what an image's frequent labels would make it count; λ
    ignores easy negatives. α .1, β 10, κ .05. Rows without a known positive have r̂ = α + 1. The
    weight differs from image to image, so there is no inverse link.
    Source: Wu et al., *Distribution-balanced loss for multi-label classification in long-tailed
    datasets*, 2020.

    Args:
        counts: Of the training part.
        negative_scale: λ; 2 suited COCO, 5 the smaller VOC.
        midpoint: μ; .2 suited COCO, .3 VOC.

    Shapes:
        logits, targets, known (B, L).
    """

    prior: Tensor

    def __init__(
        self, counts: LabelCounts, *, negative_scale: float = 2.0, midpoint: float = 0.2
    ) -> None:
        super().__init__(counts)
        require(negative_scale > 0, "negative_scale", "strictly positive", negative_scale)
        self.negative_scale, self.midpoint = negative_scale, midpoint
        self.register_buffer("prior", torch.from_numpy(counts.prior).float())

    def cells(self, logits: Tensor, targets: Tensor) -> Tensor:
        """r̂·2·[y·ℓ⁺(z') + (1−y)/λ·ℓ⁻(λz')]."""
        scale = self.negative_scale
        shifted = logits + KAPPA / scale * torch.logit(self.prior)
        no = focused(-scale * shifted, GAMMA) / scale
        costs = targets * focused(shifted, GAMMA) + (1 - targets) * no
        return BALANCE * self._weights(targets) * costs

    def _weights(self, targets: Tensor) -> Tensor:
        """r̂: 1/π over the sum of it over the row's positives, smoothed."""
        repeats = (targets / self.prior).sum(1, keepdim=True)
        share = 1 / (self.prior * repeats)  # infinite without a positive, where σ is 1
        return LIFT + torch.sigmoid(STEEPNESS * (share - self.midpoint))

    def extra_repr(self) -> str:
        """The options."""
        return f"negative_scale={self.negative_scale}, midpoint={self.midpoint}"

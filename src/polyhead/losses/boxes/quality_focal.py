"""Quality focal loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus


def quality_focal(logits: Tensor, quality: Tensor) -> Tensor:
    """Cell by cell −|y−σ|²·[y·log σ + (1−y)·log(1−σ)], σ = sigmoid(z).

    y is the quality of the box that the score belongs to, its IoU with the object, and 0 on
    background; at y ∈ {0, 1} it is the focal loss with γ = 2.
    Source: Li et al., *Generalized focal loss*, 2020.

    Args:
        logits: z, fp32 of any shape.
        quality: y in [0, 1], the same shape.
    """
    cross_entropy = softplus(logits) - quality * logits
    return (quality - torch.sigmoid(logits)).square() * cross_entropy

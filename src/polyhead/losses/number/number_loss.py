"""What the losses of number tasks share."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from polyhead.losses.loss import Loss, NumberStatistics


class NumberLoss(Loss, ABC):
    """A loss of one number per picture, with the statistics that standardise it.

    Args:
        statistics: Of the training part; kept in the weights, since answers need them.

    Shapes:
        logits (B, C); targets, known (B,).
    """

    task_type = "number"
    mean: Tensor
    std: Tensor

    def __init__(self, statistics: NumberStatistics) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(float(statistics.mean)))
        self.register_buffer("std", torch.tensor(float(statistics.std)))

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """Sum over known rows."""
        z = torch.where(known[:, None], logits.float(), 0.0)
        y = torch.where(known, targets.float(), self.mean)
        return torch.where(known, self.rows(z, y), 0.0).sum()

    def count(self, targets: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002
        """Known rows."""
        return known.sum()

    @abstractmethod
    def rows(self, z: Tensor, y: Tensor) -> Tensor:
        """(B,) losses of fp32 logits (B, C) against numbers (B,) in their own unit."""

    def start(self) -> Tensor:
        """Zeros: the mean."""
        return torch.zeros(1)

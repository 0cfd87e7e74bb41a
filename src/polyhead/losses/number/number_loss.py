"""The base class of number losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from polyhead.losses.loss import Loss
from polyhead.tasks.statistics import NumberStatistics

GAIN = 10.0  # log s a unit of its parameter, whose steps are small
LEAST_ERROR = 0.02


class NumberLoss(Loss, ABC):
    """A loss of one number per image, in units of what its answers err by.

    ℓ/s + (s−1)/2: ℓ is about ½(e/σ)² of an error e, σ the spread of the training part. The best s,
    which is learnt, is the root mean square of e/σ, so that the gradient with respect to an answer
    is e/(s·σ), of size 1 throughout: that of a squared error fades as answers get better, and
    beside other tasks the number would be left behind. The best answers are those of ℓ. A
    likelihood with a spread of its own is left as it is.

    Args:
        statistics: Of the training part; kept in the weights, since answers need them.

    Shapes:
        logits (B, C); targets, known (B,).
    """

    task_type = "number"
    state_is_of_data = True
    has_own_spread: ClassVar[bool] = False
    mean: Tensor
    std: Tensor

    def __init__(self, statistics: NumberStatistics) -> None:
        super().__init__()
        self.log_error = None if self.has_own_spread else nn.Parameter(torch.zeros(()))
        self.register_buffer("mean", torch.tensor(float(statistics.mean)))
        self.register_buffer("std", torch.tensor(float(statistics.std)))

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """Sum over known rows."""
        z = torch.where(known[:, None], logits.float(), 0.0)
        y = torch.where(known, targets.float(), self.mean)
        costs = self.rows(z, y)
        if self.log_error is not None:
            error = torch.exp(GAIN * self.log_error).clamp(LEAST_ERROR, 1 / LEAST_ERROR)
            costs = costs / error + (error - 1) / 2
        return torch.where(known, costs, 0.0).sum()

    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002
        """Known rows."""
        return known.sum()

    @abstractmethod
    def rows(self, z: Tensor, y: Tensor) -> Tensor:
        """(B,) losses of fp32 logits (B, C) against numbers (B,) in their own unit."""

    def initial_logits(self) -> Tensor:
        """Zeros: the mean."""
        return torch.zeros(1)

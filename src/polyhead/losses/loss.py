"""What every loss is, and the counts that it may weigh by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

Outputs = Tensor | dict[str, Tensor]  # what a head gives its loss


@dataclass(frozen=True)
class LabelCounts:
    """How often each of C classes occurs in the training part, over known cells.

    Attributes:
        positive: (C,) cells that are yes.
        known: (C,) cells that are yes or no.
        rows: Pictures of which something is known.
    """

    positive: np.ndarray
    known: np.ndarray
    rows: int = 0

    @property
    def prior(self) -> np.ndarray:
        """(C,) smoothed prevalence: (positive + ½) / (known + 1)."""
        return (self.positive + 0.5) / (self.known + 1)


@dataclass(frozen=True)
class NumberStatistics:
    """What the training part of a number task is like, over known rows.

    Attributes:
        mean: μ, 0 when nothing is known.
        std: σ, 1 when all are equal or nothing is known.
    """

    mean: float
    std: float

    @classmethod
    def of(cls, numbers: np.ndarray) -> NumberStatistics:
        """Mean and standard deviation of (N,) known numbers."""
        if not len(numbers):
            return cls(mean=0.0, std=1.0)
        mean, std = float(numbers.mean(dtype=np.float64)), float(numbers.std(dtype=np.float64))
        # What single precision cannot tell from equal would blow up when divided by its spread.
        return cls(mean, std if std > max(1e-6 * abs(mean), 1e-30) else 1.0)


class Loss(nn.Module, ABC):
    """A task's loss, computed in fp32 and summed over known cells, and its inverse link.

    The positional argument of every loss is the training part's `LabelCounts`, or
    `NumberStatistics` for numbers; options are keywords. The objective divides the sum by the
    count and multiplies it by `image_factor`: so much does one image cost, in nats or in what is
    comparable to them, whatever the batch, the accumulation or the number of devices.

    Attributes:
        task_type: The task type whose targets it reads.
        image_factor: The loss of one image is this times the mean over what `count` counts.
        joins_images: Whether what one image costs depends on the outputs of the others in its
            step: then all of them are needed at once.
    """

    task_type: ClassVar[str]
    joins_images: bool = False

    @property
    def image_factor(self) -> float:
        """1 where `count` counts images."""
        return 1.0

    @abstractmethod
    def forward(self, outputs: Any, targets: Tensor, known: Tensor, /) -> Tensor:
        """The loss summed over what is known.

        Args:
            outputs: Of the head: logits (B, C), (B, C, h, w) for mask, named tensors for boxes.
            targets: (B, C) of 0/1 for tags, (B,) of class indices for class, (B,) of numbers for
                number, (B, M, 6) of x0, y0, x1, y1, class index and 0/1 of ignored for boxes, with
                rows of class -1 as padding, (B, H, W) of class indices for mask; the value of an
                unknown cell is never read.
            known: bool, the shape of `targets`, but (B, C) for boxes: the classes that the picture
                was looked through for.
        """

    @abstractmethod
    def count(self, targets: Tensor, known: Tensor) -> Tensor:
        """What the sum of `forward` is divided by; 0 when nothing is known."""

    @abstractmethod
    def dense(self, outputs: Any, /) -> dict[str, Tensor]:
        """What the outputs mean: named arrays that `select` and the meters read."""

    def progress(self, share: float) -> None:
        """Be told, before each step, which share in [0, 1] of the training lies behind it."""

    @abstractmethod
    def start(self) -> Tensor:
        """(C,) logits that know the training part's shares or mean, and nothing else."""


class StepLoss(Loss, ABC):
    """A loss whose weights follow from the targets of the whole optimizer step.

    Its `forward` takes, last, the sum of `step_totals` over all batches of the step, on every
    device; without it, the batch counts as the whole step. So losses of batches add up to that of
    the larger batch.
    """

    @abstractmethod
    def step_totals(self, targets: Tensor, known: Tensor) -> Tensor:
        """(T,) what a batch contributes; no gradient."""

    @abstractmethod
    def forward(
        self, outputs: Any, targets: Tensor, known: Tensor, totals: Tensor | None = None, /
    ) -> Tensor:
        """As every loss's; `totals` (T,) of the whole step."""


class ProbabilityLoss(Loss, ABC):
    """A loss over labels, which has an inverse link."""

    @abstractmethod
    def link(self, logits: Tensor) -> Tensor:
        """(B, C) calibrated probabilities that the logits stand for."""

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`logits` in fp32 and `probabilities`, each (B, C)."""
        return {"logits": logits.float(), "probabilities": self.link(logits)}

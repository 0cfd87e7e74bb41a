"""The base classes of losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from torch import Tensor, nn

from polyhead.registry import construct

if TYPE_CHECKING:
    from polyhead.tasks import TaskDecider

Outputs = Tensor | dict[str, Tensor]  # of a head, as its loss reads them


class Loss(nn.Module, ABC):
    """A task's loss, computed in fp32 and summed over known cells, and its inverse link.

    The positional argument of every loss is the training part's `LabelCounts`, or
    `NumberStatistics` for numbers; options are keywords. The objective divides the sum by the
    count and multiplies it by `image_factor`: so much does one image cost, in nats or in what is
    comparable to them, whatever the batch, the accumulation or the number of devices.

    Attributes:
        task_type: The task type whose targets it reads.
        image_factor: The loss of one image is this times the mean over what `num_terms` counts.
        joins_images: Whether what one image costs depends on the outputs of the others in its
            step: then all of them are needed at once.
        state_is_of_data: Whether its buffers describe the data, such as the mean of
            numbers, so that they come along with a head whatever options the loss has.
        reads_log_posterior: Whether, without options, its logits are the log-probabilities or
            log-odds themselves, as heads that are fitted without gradients return them.
        neutral_calibration: Buffers that a calibration sets, to the value of having none.
    """

    task_type: ClassVar[str]
    state_is_of_data: ClassVar[bool] = False
    reads_log_posterior: ClassVar[bool] = False
    neutral_calibration: ClassVar[Mapping[str, float]] = {}
    joins_images: bool = False

    @classmethod
    def build(cls, keys: Any, classes: Sequence[str], statistics: Any) -> Loss:
        """The loss of a task, with the wrappers that its keys add.

        Args:
            keys: Of the task; `keys.loss` names this class and holds its options.
            classes: Of the task.
            statistics: Of the training part.

        Raises:
            ConfigError: An option does not exist or has no such value.
        """
        del classes
        return construct("loss", {keys.loss.name: cls}, keys.loss, statistics)

    @classmethod
    def check_keys(cls, name: str, keys: Any, losses: Mapping[str, type[Loss]]) -> None:
        """Refuse keys of a task that do not go with the loss, before any work is done.

        Args:
            name: Of the task.
            keys: Of the task.
            losses: All by name, to list those that would fit.

        Raises:
            ConfigError: Naming the key.
        """

    @classmethod
    def check_without_gradients(cls, name: str, keys: Any, why: str) -> None:
        """Refuse keys of a task that a head without gradients does not read.

        Args:
            name: Of the task.
            keys: Of the task.
            why: Such a head reads none, as the start of a sentence.

        Raises:
            ConfigError: Naming the key.
        """

    @property
    def image_factor(self) -> float:
        """1 where `num_terms` counts images."""
        return 1.0

    @abstractmethod
    def forward(self, outputs: Any, targets: Tensor, known: Tensor, /) -> Tensor:
        """The loss, summed over known cells.

        Args:
            outputs: Of the head: logits (B, C), (B, C, h, w) for mask, named tensors for boxes.
            targets: (B, C) of 0/1 for tags, (B,) of class indices for class, (B,) of numbers for
                number, (B, M, 6) of x0, y0, x1, y1, class index and 0/1 of ignored for boxes, with
                rows of class -1 as padding, (B, H, W) of class indices for mask; the value of an
                unknown cell is never read.
            known: bool, the shape of `targets`, but (B, C) for boxes: the classes that the image
                was annotated for.
        """

    @abstractmethod
    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:
        """The number of terms in the sum of `forward`, its divisor; 0 when nothing is known."""

    @abstractmethod
    def dense(self, outputs: Any, /) -> dict[str, Tensor]:
        """Probabilities and other named arrays that `select` and the meters read."""

    def set_progress(self, share: float) -> None:
        """Set, before each step, the share of the training that is done, in [0, 1]."""

    @abstractmethod
    def initial_logits(self) -> Tensor:
        """(C,) logits of the training part's shares or mean, which training starts from."""

    def undo_sampling(self, labels: np.ndarray, expected: np.ndarray) -> None:
        """Undo the effect of a sampler on the shares of classes, where the link can do so.

        Args:
            labels: (M, C) int8 of the training rows: 1 yes, 0 no, -1 unknown.
            expected: (M,) how often the sampler shows each row in an epoch.
        """

    def calibrate_by(self, meter: Any) -> list[str]:
        """Fit the calibration to all that the task's meter saw.

        Args:
            meter: Of the task, which takes in what was fitted; its `fit` comes afterwards.

        Returns:
            Lines for the user on what was found.
        """
        del meter
        return []

    def scoring_decider(self, decider: Any) -> TaskDecider:
        """The decider that scores an epoch, with the decision rules that the loss has learnt.

        Args:
            decider: Before anything was fitted.
        """
        return decider.for_scoring()


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
        """The loss summed over known cells; `totals` (T,) of the whole step."""


class ProbabilityLoss(Loss, ABC):
    """A loss over labels, which has an inverse link."""

    @abstractmethod
    def link(self, logits: Tensor) -> Tensor:
        """(B, C) calibrated probabilities of the logits."""

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`logits` in fp32 and `probabilities`, each (B, C)."""
        return {"logits": logits.float(), "probabilities": self.link(logits)}

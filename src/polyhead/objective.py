"""The sum of the task losses, each that of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from polyhead.losses import Loss, Outputs, StepLoss

Tensors = Mapping[str, Tensor]
KNOWN_POWER = 0.5


@dataclass(frozen=True)
class Coverage:
    """How much of one task is annotated in the training images.

    Attributes:
        per_image: What the task's loss counts, as a mean over all images of training.
        share: Share of the images in which anything of the task is known.
    """

    per_image: float
    share: float


@dataclass(frozen=True)
class StepTotals:
    """Sums over all batches of one optimizer step, on every device.

    Attributes:
        num_images: Images.
        counts: Task name to what its loss counts; 0 when nothing is known.
        weights: Task name to the totals that its weights follow from, of each `StepLoss`.
    """

    num_images: float
    counts: Mapping[str, float]
    weights: Mapping[str, Tensor]

    @classmethod
    def split(cls, num_images: float, sums: Mapping[str, Tensor]) -> StepTotals:
        """From the result of `Objective.totals`, summed over the batches of the step."""
        counts = {name: float(total[0]) for name, total in sums.items()}
        return cls(num_images, counts, {name: total[1:].float() for name, total in sums.items()})


class Objective:
    """Σ_t λ_t · L_t, each L_t the loss of one image.

    L_t = f_t · Σ ℓ / (N · c_t) · √ρ_t: the sum of the loss over what is known in the N images of
    the step, divided by the number of terms that N images are expected to have, c_t each; f_t, the
    loss's `image_factor`, turns the mean over cells into the cost of an image. So every image
    weighs the same whatever else is known in its batch, and unknown cells do not weaken a task. ρ_t
    is the share of the images in which anything of the task is known: a task known in few images
    brings few samples of its gradient, and √ρ_t keeps their noise in the shared backbone at that of
    a task known in all. A task with nothing known in the step is left out, and is absent from the
    report: it is no loss of zero.

    Args:
        losses: Task name to loss.
        weights: Task name to λ.
        coverage: Task name to its coverage in the training images; that of the step where absent.
    """

    def __init__(
        self,
        losses: Mapping[str, Loss],
        weights: Mapping[str, float],
        coverage: Mapping[str, Coverage] | None = None,
    ) -> None:
        self.losses = dict(losses)
        self.weights = dict(weights)
        self.coverage = dict(coverage or {})

    def only(self, name: str) -> Objective:
        """The part of one task."""
        coverage = {name: self.coverage[name]} if name in self.coverage else {}
        return Objective({name: self.losses[name]}, {name: self.weights[name]}, coverage)

    def set_progress(self, share: float) -> None:
        """Set the share of the training that is done, from 0 to 1, in every loss."""
        for loss in self.losses.values():
            loss.set_progress(share)

    @torch.no_grad()
    def totals(self, targets: Tensors, known: Tensors) -> dict[str, Tensor]:
        """What one batch adds to the totals of its step: task name to (1 + T,), the count first."""
        found = {}
        for name, loss in self.losses.items():
            parts = [loss.num_terms(targets[name], known[name]).reshape(1)]
            if isinstance(loss, StepLoss):
                parts.append(loss.step_totals(targets[name], known[name]))
            found[name] = torch.cat([part.double() for part in parts])
        return found

    def __call__(
        self,
        outputs: Mapping[str, Outputs],
        targets: Tensors,
        known: Tensors,
        step: StepTotals,
        sums: Mapping[str, Tensor] | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The scalar to descend, and each task's own part of it.

        Args:
            outputs: Task name to the outputs of its head.
            targets: Task name to targets.
            known: Task name to bool: which of their cells count.
            step: Of every batch of the step, on every device.
            sums: Task name to the sum of a loss that was computed beforehand.

        Returns:
            The scalar, 0 without gradient when nothing is known; and this batch's part of each
            task's unweighted loss of one image, a mean over what is known, detached.
        """
        total = torch.zeros((), device=next(iter(known.values())).device)
        report = {}
        for name, loss in self.losses.items():
            if step.counts[name] <= 0:
                continue
            if sums and name in sums:
                found = sums[name]
            else:
                extra = (step.weights[name],) if isinstance(loss, StepLoss) else ()
                found = loss(outputs[name], targets[name], known[name], *extra)
            found = loss.image_factor * found
            total = total + self.weights[name] * found / self._divisor(name, step)
            report[name] = found.detach() / step.counts[name]
        return total, report

    def _divisor(self, name: str, step: StepTotals) -> float:
        """The number of terms that a step is expected to have, over √ρ."""
        if name not in self.coverage:
            return step.counts[name]
        coverage = self.coverage[name]
        return step.num_images * coverage.per_image / coverage.share**KNOWN_POWER

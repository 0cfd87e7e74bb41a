"""One optimizer step, and what happens when it cannot be taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim import Optimizer

from polyhead.errors import PolyheadError
from polyhead.loading import Batch
from polyhead.objective import Objective, StepTotals
from polyhead.training.joined_losses import join_losses


@dataclass(frozen=True)
class StepReport:
    """Result of one step.

    Attributes:
        losses: Task name to its loss of one image, a mean over what is known; tasks with none are
            absent.
        taken: False when a loss or gradient was not finite and the weights were left alone.
        culprits: Tasks whose loss was not finite; empty when only the gradient was.
    """

    losses: dict[str, float]
    taken: bool
    culprits: list[str]


class Stepper:
    """Takes optimizer steps over one or more batches.

    Args:
        accelerator: Devices and precision.
        model: The network as the accelerator prepared it.
        optimizer: Likewise.
        objective: The scalar to descend.
        clip: Largest norm of the whole gradient.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        model: nn.Module,
        optimizer: Optimizer,
        objective: Objective,
        clip: float,
    ) -> None:
        self.accelerator, self.model, self.optimizer = accelerator, model, optimizer
        self.objective, self.clip = objective, clip

    def __call__(self, batches: Sequence[Batch]) -> StepReport:
        """One step over all batches, as if they were one.

        Raises:
            PolyheadError: `E_MEMORY`; the device cannot hold a batch of this size.
        """
        try:
            return self._take(batches)
        except torch.OutOfMemoryError:
            size = len(batches[0].rows)
            raise PolyheadError(
                f"the device has too little memory for batches of {size} images; halve "
                "train.batch_size and double train.accumulate, which gives the same steps.",
                code="E_MEMORY",
            ) from None

    def _take(self, batches: Sequence[Batch]) -> StepReport:
        moved = [self.to_device(batch) for batch in batches]
        step = self._totals(moved)
        with self.accelerator.autocast():
            joined = join_losses(self.model, moved, self.objective.losses)
        losses: dict[str, Tensor] = {}
        for batch, parts_of in zip(moved, joined, strict=True):
            with self.accelerator.autocast():
                outputs = self.model(batch.images)
            sums = {name: part(outputs[name]) for name, part in parts_of.items()}
            total, parts = self.objective(outputs, batch.targets, batch.known, step, sums)
            for name, part in parts.items():
                losses[name] = losses[name] + part if name in losses else part
            if total.requires_grad:
                self.accelerator.backward(total * self.accelerator.num_processes)
        values = {name: float(value) for name, value in losses.items()}
        culprits = [name for name, value in values.items() if not abs(value) < float("inf")]
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), self.clip)
        finite = not culprits and (norm is None or bool(torch.isfinite(torch.as_tensor(norm))))
        if finite:
            self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return StepReport(values, finite, culprits)

    def to_device(self, batch: Batch) -> Batch:
        """The batch where the network is."""
        device = self.accelerator.device
        return Batch(
            batch.images.to(device, non_blocking=True),
            {name: t.to(device, non_blocking=True) for name, t in batch.targets.items()},
            {name: t.to(device, non_blocking=True) for name, t in batch.known.items()},
            batch.rows,
        )

    def _totals(self, batches: Sequence[Batch]) -> StepTotals:
        """Sums over all batches and processes, in one exchange."""
        per_batch = [self.objective.totals(batch.targets, batch.known) for batch in batches]
        names = list(per_batch[0])
        sums = {name: torch.stack([found[name] for found in per_batch]).sum(0) for name in names}
        num_images = torch.tensor([float(sum(len(batch.rows) for batch in batches))])
        flat = torch.cat([num_images.to(self.accelerator.device).double(), *sums.values()])
        if self.accelerator.num_processes > 1:
            flat = cast(Tensor, self.accelerator.reduce(flat, "sum"))
        parts = flat[1:].split([len(found) for found in sums.values()])
        return StepTotals.split(float(flat[0]), dict(zip(sums, parts, strict=True)))

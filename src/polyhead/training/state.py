"""The state of a run: what is saved, and what resume starts from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from polyhead.checkpoints.checkpoint import Checkpoint, save_checkpoint
from polyhead.checkpoints.optimizer_state import flatten_optimizer, restore_optimizer
from polyhead.runtime.run_folder import RunFolder
from polyhead.training.ema import ExponentialAverage

SKIP_WINDOW = 100  # steps; a fault now and then in a long run is no divergence


@dataclass
class Position:
    """Place in the run; all order and randomness follow from it and the seed.

    Attributes:
        epoch: The epoch under way, from 0.
        batch: Batches of it that are done.
        step: Optimizer steps done.
        best_score: Of the best epoch on validation, None before the first.
        best_epoch: Which one.
        skipped: Which of the last steps were skipped for a non-finite loss or gradient.
        loss_sums: Task name to the sum of its step losses in this epoch.
        loss_steps: Task name to how many steps these were.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best_score: float | None = None
    best_epoch: int | None = None
    skipped: list[int] = field(default_factory=list)
    loss_sums: dict[str, float] = field(default_factory=dict)
    loss_steps: dict[str, int] = field(default_factory=dict)

    def add_losses(self, losses: dict[str, float]) -> None:
        """Take in one step's losses of the tasks that had something known."""
        for name, value in losses.items():
            self.loss_sums[name] = self.loss_sums.get(name, 0.0) + value
            self.loss_steps[name] = self.loss_steps.get(name, 0) + 1

    def mean_losses(self) -> dict[str, float]:
        """Each task's mean loss in this epoch so far."""
        return {name: total / self.loss_steps[name] for name, total in self.loss_sums.items()}

    def skip(self) -> None:
        """Note that the last step was skipped, and forget those of long ago."""
        self.skipped = [step for step in self.skipped if step > self.step - SKIP_WINDOW]
        self.skipped.append(self.step)

    def next_epoch(self) -> None:
        """Begin the following epoch."""
        self.epoch, self.batch = self.epoch + 1, 0
        self.loss_sums, self.loss_steps = {}, {}


def save_state(
    run: RunFolder,
    network: nn.Module,
    optimizer: Optimizer,
    average: ExponentialAverage,
    position: Position,
    identity: dict[str, Any],
) -> None:
    """Write a checkpoint that a resumed run continues from bit for bit.

    Args:
        run: Its folder.
        network: Current weights.
        optimizer: Moments and rates.
        average: Averaged weights.
        position: Place in the run.
        identity: What must be the same on resume: see `run_identity`.
    """
    tensors, tree = flatten_optimizer(optimizer.state_dict())
    groups = {"model": network.state_dict(), "ema": average.state_dict(), "optimizer": tensors}
    state = {
        "position": asdict(position),
        "optimizer": tree,
        "ema_updates": average.num_updates,
        "identity": identity,
    }
    save_checkpoint(run.path, position.step, groups, state)


def restore_state(
    checkpoint: Checkpoint,
    network: nn.Module,
    optimizer: Optimizer,
    average: ExponentialAverage,
) -> Position:
    """Restore everything from the checkpoint; returns the position in the run."""
    network.load_state_dict(checkpoint.groups["model"], strict=True)
    saved = restore_optimizer(checkpoint.groups["optimizer"], checkpoint.state["optimizer"])
    optimizer.load_state_dict(saved)
    _lay_out_moments(optimizer)
    average.load(checkpoint.groups["ema"], checkpoint.state["ema_updates"])
    return Position(**checkpoint.state["position"])


def _lay_out_moments(optimizer: Optimizer) -> None:
    """Give moments the memory layout of their parameters.

    They are read back row by row, while fused steps walk through parameter and moments side by
    side in memory, whatever their strides are.
    """
    for parameter, moments in optimizer.state.items():
        for name, moment in moments.items():
            if isinstance(moment, Tensor) and moment.shape == parameter.shape:
                moments[name] = torch.empty_like(parameter).copy_(moment)

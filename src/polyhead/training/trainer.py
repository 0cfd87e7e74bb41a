"""The training loop: epochs of steps, validation, saving, stopping."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import torch

from polyhead.checkpoints.weights import write_weights
from polyhead.config import TrainConfig
from polyhead.errors import DivergedError, Interrupted, first_few, one_line
from polyhead.files import append_line
from polyhead.loading import Batch
from polyhead.loading.batches import Batches
from polyhead.loading.order import EpochBatchSampler, stable_seed
from polyhead.network import Network
from polyhead.network.measure import measure, scoring_deciders
from polyhead.preparation import Prepared
from polyhead.progress import Advance, Reporter
from polyhead.runtime.run_folder import RunFolder
from polyhead.tasks import Meter, TaskDecider
from polyhead.training.ema import ExponentialAverage
from polyhead.training.fitting import Fitting
from polyhead.training.freezing import Freezing
from polyhead.training.gradient_shares import gradient_shares, shares_line
from polyhead.training.interruption import InterruptionGuard
from polyhead.training.metrics_log import epoch_line, epoch_record
from polyhead.training.optimizer import rate_factor, set_rates
from polyhead.training.state import SKIP_WINDOW, Position, save_state
from polyhead.training.step import Stepper, StepReport

MAX_SKIPPED_STEPS = 10
NUM_PROBED = 2  # batches whose gradients are compared
MAX_NAMED = 8  # images of a skipped step


@dataclass
class TrainingParts:
    """Network, data loaders and state of a training loop.

    Attributes:
        network: Being trained.
        ema_network: A second network, which holds the averaged weights for validation.
        stepper: Takes one optimizer step.
        average: Averaged weights.
        freezing: What keeps its weights throughout.
        fixed: Tasks whose answers cannot change, with the deciders that they keep.
        order: Chooses the rows of each batch.
        training: Batches in that order.
        validation: Validation batches.
        fitting: Of heads without gradients, before every validation; None without such.
    """

    network: Network
    ema_network: Network
    stepper: Stepper
    average: ExponentialAverage
    freezing: Freezing
    fixed: Mapping[str, TaskDecider]
    order: EpochBatchSampler
    training: Batches
    validation: Batches
    fitting: Fitting | None = None

    @property
    def learns(self) -> bool:
        """Whether any task learns by gradients."""
        return bool(self.stepper.objective.losses)

    def close(self) -> None:
        """End the loader processes."""
        self.training.close()
        self.validation.close()
        if self.fitting:
            self.fitting.batches.close()


class Trainer:
    """Runs the loop from a position to the end.

    Args:
        settings: The train section of the config.
        prepared: Data and tasks.
        parts: Network, loaders and the rest.
        run: Where to save.
        reporter: Receives progress and lines for the user.
        identity: Values that must be unchanged at a resume.
    """

    def __init__(
        self,
        settings: TrainConfig,
        prepared: Prepared,
        parts: TrainingParts,
        run: RunFolder,
        reporter: Reporter,
        identity: dict[str, Any],
    ) -> None:
        self.settings, self.prepared, self.parts = settings, prepared, parts
        self.run, self.reporter, self.identity = run, reporter, identity
        self.steps_per_epoch = -(-len(parts.order) // settings.accumulate)
        self.num_epochs = settings.epochs if parts.learns else 1
        self.num_steps = self.steps_per_epoch * self.num_epochs if parts.learns else 0

    def fit(self, position: Position) -> Position:
        """Train until the last epoch, or until patience ends.

        Raises:
            Interrupted: Ctrl-C, SIGTERM or SIGHUP, after the step was finished and saved.
            DivergedError: Too many steps without a finite loss or gradient.
        """
        with InterruptionGuard(self.run) as guard:
            if not self.parts.learns:
                self.reporter.say("no head learns by gradients: one pass, whatever train.epochs is")
            while position.epoch < self.num_epochs and not self._out_of_patience(position):
                started = time.monotonic()
                speed = self._train_epoch(position, guard)
                figures = self._validate(position)
                seconds = round(time.monotonic() - started, 3)
                record = {**figures, "seconds": seconds, "pictures_per_second": speed}
                shares = self._gradient_shares() if position.epoch == 0 else {}
                extra = {"gradient_shares": shares} if shares else {}
                append_line(self.run.metrics, record | extra)
                self.reporter.say(epoch_line(record, self.num_epochs))
                if shares:
                    self.reporter.say(shares_line(shares, self.parts.stepper.objective.weights))
                position.next_epoch()
                self._save(position)
                self._stop_if_asked(position, guard)
        if position.epoch < self.num_epochs:
            self.reporter.say(
                f"ended after {position.epoch} of {self.num_epochs} epochs: none gained in the "
                f"last {self.settings.patience} (train.patience)"
            )
        return position

    def _out_of_patience(self, position: Position) -> bool:
        if not self.settings.patience or position.best_epoch is None:
            return False
        return position.epoch - 1 - position.best_epoch >= self.settings.patience

    def _train_epoch(self, position: Position, guard: InterruptionGuard) -> float:
        """An epoch of steps, then the pass of heads without gradients; returns images a second.

        Of the steps where there are any: they take most of the time.
        """
        parts = self.parts
        speed = self._epoch(position, guard) if parts.learns else None
        fitting = self._fit_heads(parts.fitting, position, guard) if parts.fitting else 0.0
        return fitting if speed is None else speed

    def _epoch(self, position: Position, guard: InterruptionGuard) -> float:
        """Train to the end of the epoch; returns images a second."""
        parts, settings = self.parts, self.settings
        parts.freezing.apply(parts.network, backbone=position.epoch < settings.freeze_epochs)
        parts.order.start(position.epoch, position.batch)
        title = f"epoch {position.epoch + 1}/{self.num_epochs}"
        num_rows, started = parts.order.num_rows(), time.monotonic()
        work = self.reporter.work(title, num_rows, "images")
        with work as advance, closing(iter(parts.training)) as loaded:
            while batches := list(itertools.islice(loaded, settings.accumulate)):
                self._step(position, batches, advance)
                if position.step % settings.checkpoint_steps == 0:
                    self._save(position)
                self._stop_if_asked(position, guard)
        return round(num_rows / (time.monotonic() - started), 2)

    def _step(self, position: Position, batches: list[Batch], advance: Advance) -> None:
        parts = self.parts
        # Randomness inside the network follows from seed and step: no generator is saved.
        torch.manual_seed(stable_seed("step", self.settings.seed, position.step))
        factor = rate_factor(position.step, self.num_steps, self.settings.warmup)
        set_rates(parts.stepper.optimizer, factor)
        parts.stepper.objective.set_progress(position.step / self.num_steps)
        report = parts.stepper(batches)
        position.step += 1
        position.batch += len(batches)
        if report.taken:
            position.add_losses(report.losses)
            parts.average.update(parts.network)
        else:
            self._skip(position, batches, report)
        shown = " ".join(f"{name} {value:.3f}" for name, value in position.mean_losses().items())
        advance(sum(len(batch.rows) for batch in batches), shown)

    def _skip(self, position: Position, batches: list[Batch], report: StepReport) -> None:
        """Record a step that was not taken; stop when there were too many."""
        position.skip()
        rows = [int(row) for batch in batches for row in batch.rows]
        found = f"the loss of {', '.join(report.culprits)}" if report.culprits else "the gradient"
        images = [one_line(self.prepared.table.image(row)) for row in rows]
        text = (
            f"step {position.step} skipped: {found} is not finite; "
            f"images {first_few(images, MAX_NAMED)}"
        )
        self.reporter.say(text)
        append_line(self.run.metrics, {"step": position.step, "skipped": text})
        self._heal_statistics()
        num_skipped = len(position.skipped)
        if num_skipped >= MAX_SKIPPED_STEPS:
            raise DivergedError(
                f"{num_skipped} of the last {min(position.step, SKIP_WINDOW)} steps had no finite "
                f"loss or gradient; the last: {text}. "
                "The best weights and the last checkpoint are kept. Lower train.learning_rate, or "
                "check the labels of these images."
            )

    def _heal_statistics(self) -> None:
        """Running statistics that took in a non-finite batch go back to their average."""
        averaged = self.parts.average.state_dict()
        for name, buffer in self.parts.network.named_buffers():
            if name in averaged and not torch.isfinite(buffer).all():
                buffer.copy_(averaged[name])

    def _fit_heads(self, fitting: Fitting, position: Position, guard: InterruptionGuard) -> float:
        """Fit heads without gradients by the averaged weights; returns images a second."""
        parts, started = self.parts, time.monotonic()
        parts.ema_network.load_state_dict(parts.average.state_dict())
        with self.reporter.work("fitting heads", fitting.num_rows, "images") as advance:
            for num_seen in fitting.run(parts.ema_network):
                advance(num_seen, "")
                self._stop_if_asked(position, guard)
        fitting.copy_to(parts.ema_network, parts.average.state_dict(), parts.network.state_dict())
        return round(fitting.num_rows / (time.monotonic() - started), 2)

    def _validate(self, position: Position) -> dict[str, Any]:
        """Figures of the averaged weights; keeps them as last, and as best when they are."""
        ema_network, prepared = self.parts.ema_network, self.prepared
        ema_network.load_state_dict(self.parts.average.state_dict())
        tasks = scoring_deciders(ema_network, prepared.deciders())
        with self.reporter.work("validating", len(prepared.rows("val")), "images") as advance:
            meters = measure(ema_network, self.parts.validation, tasks, prepared.targets, advance)
        figures = {name: meter.compute() for name, meter in meters.items()}
        record = epoch_record(position, tasks, figures)
        score = record["score"]
        better = position.best_score is None or score > position.best_score
        targets_of_save = [self.run.last_weights] + ([self.run.best_weights] if better else [])
        for path in targets_of_save:
            write_weights(path, self.parts.average.state_dict(), {"epoch": str(position.epoch)})
        if better:
            position.best_score, position.best_epoch = score, position.epoch
        return {**record, "best": better}

    def _gradient_shares(self) -> dict[str, float]:
        """Gradient shares in the backbone after the first epoch, from a few batches."""
        parts = self.parts
        parts.order.start(0)
        with closing(iter(parts.training)) as loaded:
            some = [parts.stepper.to_device(b) for b in itertools.islice(loaded, NUM_PROBED)]
        return gradient_shares(parts.network, parts.stepper.objective, some)

    def measure(self, weights: dict[str, torch.Tensor]) -> dict[str, Meter]:
        """Meters of some weights' outputs for the validation part, before decisions are fitted."""
        ema_network, prepared = self.parts.ema_network, self.prepared
        ema_network.load_state_dict(weights)
        return measure(ema_network, self.parts.validation, prepared.deciders(), prepared.targets)

    def _save(self, position: Position) -> None:
        parts = self.parts
        optimizer = parts.stepper.optimizer
        save_state(self.run, parts.network, optimizer, parts.average, position, self.identity)

    def _stop_if_asked(self, position: Position, guard: InterruptionGuard) -> None:
        if guard.received:
            self._save(position)
            raise Interrupted(
                f"stopped and saved after step {position.step} of {self.num_steps}; go on with "
                f"polyhead train --resume {self.run.path}",
                signal_number=guard.received,
            )

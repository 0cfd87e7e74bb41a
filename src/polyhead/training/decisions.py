"""Decisions of a trained run: calibration, couplings and thresholds, fitted on validation."""

from __future__ import annotations

from polyhead.checkpoints.uncalibrated import uncalibrated
from polyhead.checkpoints.weights import check_state, read_weights, write_weights
from polyhead.losses import Loss
from polyhead.preparation import Prepared
from polyhead.progress import Reporter
from polyhead.runtime.run_folder import RunFolder
from polyhead.tasks import Meter, TaskDecider, TaskEncoder
from polyhead.training.trainer import Trainer


def fit_decisions(
    trainer: Trainer, run: RunFolder, prepared: Prepared, reporter: Reporter
) -> dict[str, TaskDecider]:
    """Deciders as fitted for the best weights, which take in the calibration.

    Heads that answer as they did in another run keep the decider that they had there.
    """
    network, fixed = trainer.parts.ema_network, trainer.parts.fixed
    weights, metadata = read_weights(run.best_weights)
    check_state(network.state_dict(), weights)
    learnt = {name: task for name, task in prepared.tasks.items() if name not in fixed}
    meters = trainer.measure(uncalibrated(network, learnt, weights))
    fitted = {
        name: _fit(task, network.loss(name), meters[name], reporter)
        for name, task in learnt.items()
    }
    write_weights(run.best_weights, network.state_dict(), metadata)
    return {name: fixed.get(name) or fitted[name] for name in prepared.tasks}


def _fit(task: TaskEncoder, loss: Loss, meter: Meter, reporter: Reporter) -> TaskDecider:
    for line in loss.calibrate_by(meter):
        reporter.say(f"{task.name}: {line}")
    decider = meter.fit(task.config)
    for line in decider.fitted_notes(task.config):
        reporter.say(line)
    return decider

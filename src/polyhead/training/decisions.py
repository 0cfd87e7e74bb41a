"""How a trained run answers: calibration, couplings and thresholds, fitted on validation."""

from __future__ import annotations

import torch

from polyhead.errors import first_few
from polyhead.losses import CrossEntropy, Pairwise, TagsLoss
from polyhead.network import Network
from polyhead.network.weights import check_state, read_weights, write_weights
from polyhead.preparation import Prepared
from polyhead.progress import Reporter
from polyhead.runtime.run_folder import RunFolder
from polyhead.tasks import ClassTaskMeter, Meter, TagsTask, TagsTaskMeter, Task
from polyhead.training.trainer import Trainer
from polyhead.training.uncalibrated import uncalibrated

MAX_NAMED = 5  # labels in one line


def fit_decisions(
    trainer: Trainer, run: RunFolder, prepared: Prepared, reporter: Reporter
) -> dict[str, Task]:
    """Tasks with their decision rules, for the best weights, which take in the calibration.

    Heads that answer as they did in another run keep the rules that they had there.
    """
    network, settled = trainer.parts.shadow, trainer.parts.settled
    weights, metadata = read_weights(run.best_weights)
    check_state(network.state_dict(), weights)
    learnt = [name for name in prepared.tasks if name not in settled]
    meters = trainer.measure(uncalibrated(network, learnt, weights))
    fitted = {name: _fit(network, name, meters[name], reporter) for name in learnt}
    write_weights(run.best_weights, network.state_dict(), metadata)
    return {name: settled.get(name) or fitted[name] for name in prepared.tasks}


def _fit(network: Network, name: str, meter: Meter, reporter: Reporter) -> Task:
    loss = network.loss(name)
    if isinstance(meter, TagsTaskMeter) and isinstance(loss, TagsLoss):
        if isinstance(loss, Pairwise):
            gain = meter.couple(loss.field(meter.rules))
            switch = "kept" if gain.is_sure else "switched off"
            reporter.say(f"{name}: the field is {switch}: {gain}")
        found = meter.calibrate(has_link=loss.has_link)
        loss.calibrate(torch.from_numpy(found.scale), torch.from_numpy(found.shift))
    if isinstance(meter, ClassTaskMeter) and isinstance(loss, CrossEntropy):
        loss.calibrate(meter.calibrate())
    task = meter.fit()
    if isinstance(task, TagsTask) and task.never_given:
        reporter.say(_unreachable(task))
    return task


def _unreachable(task: TagsTask) -> str:
    assert task.config is not None  # it was trained
    labels, (asked, _) = task.never_given, task.config.cut_by()
    return (
        f"{task.name}: no threshold reaches {asked} on validation for "
        f"{first_few(labels, MAX_NAMED)}: never given; ask for less, or label more pictures"
    )

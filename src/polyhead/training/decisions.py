"""How a trained run answers: calibration, couplings and thresholds, fitted on validation."""

from __future__ import annotations

import torch

from polyhead.checkpoints.uncalibrated import uncalibrated
from polyhead.checkpoints.weights import check_state, read_weights, write_weights
from polyhead.errors import first_few
from polyhead.losses import CrossEntropy, Pairwise, TagsLoss
from polyhead.metrics import LEVEL
from polyhead.network import Network
from polyhead.preparation import Prepared
from polyhead.progress import Reporter
from polyhead.runtime.run_folder import RunFolder
from polyhead.tasks import ClassTaskMeter, Meter, TagsTask, TagsTaskMeter, Task
from polyhead.training.trainer import Trainer

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
    if isinstance(task, TagsTask):
        for line in _told_of_bounds(task):
            reporter.say(line)
    return task


def _told_of_bounds(task: TagsTask) -> list[str]:
    """What the thresholds of a task hold, and the labels of which too little is known for it."""
    assert task.config is not None  # it was trained
    asked, _ = task.config.cut_by()
    lines = []
    if asked.is_guarantee and task.decision.decoder == "marginals":
        lines.append(
            f"{task.name}: {asked} holds with {LEVEL:.0%} confidence for each label that has a "
            "threshold"
        )
    way_on = "ask for less, or label more pictures"
    if asked.is_guarantee:
        way_on += f", or ask for mean_{asked}, which about half of the labels miss on new pictures"
    for labels, outcome in ((task.never_given, "never"), (task.always_given, "always")):
        if labels:
            named = first_few(labels, MAX_NAMED)
            found = f"no threshold reaches {asked} on validation for {named}"
            lines.append(f"{task.name}: {found}: {outcome} given; {way_on}")
    return lines

"""`train`: from a config to a finished run, and from an interrupted run to its end."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from polyhead.checkpoints import SavedRun, read_run
from polyhead.checkpoints.checkpoint import Checkpoint, has_checkpoint, load_checkpoint
from polyhead.checkpoints.start_weights import StartWeights, read_start_weights
from polyhead.checkpoints.transfer import check_start, transfer
from polyhead.config import Config, load_config, validate
from polyhead.data import read_digests, read_split
from polyhead.files import write_text
from polyhead.loading.batches import worker_deaths_explained
from polyhead.loading.order import stable_seed
from polyhead.network import check_components
from polyhead.preparation import Prepared, fault_lines, prepare
from polyhead.progress import Reporter
from polyhead.report.model_card import model_card
from polyhead.report.weak_head_lines import weak_head_lines
from polyhead.runtime.run_folder import RunFolder
from polyhead.runtime.weak_heads import weak_heads
from polyhead.training.allocator import keep_freed_memory
from polyhead.training.build import build_parts, fresh_network
from polyhead.training.decisions import fit_decisions
from polyhead.training.devices import require_device
from polyhead.training.identity import require_same, require_same_rows, run_identity
from polyhead.training.interruption import resume_hint
from polyhead.training.lost_weights import restore_lost_weights
from polyhead.training.metrics_log import forget_later
from polyhead.training.start_files import write_classes, write_start
from polyhead.training.state import Position, restore_state
from polyhead.training.trainer import Trainer


def train(
    config: Config | Mapping[str, Any] | str | Path,
    *,
    runs: str | Path = "runs",
    source: Path | None = None,
    init_from: str | Path | None = None,
    reporter: Reporter | None = None,
) -> RunFolder:
    """Check the data, train every head, keep the best weights, fit the thresholds.

    Args:
        config: A config, its keys and values, or the path of its YAML file.
        runs: Where the run folder is made.
        source: The file that a `Config` came from, to be kept beside the weights.
        init_from: A run folder. Backbone, neck and every head whose task name and shapes fit start
            from its best weights, rows of known classes by their names; other tasks start from
            scratch. Images keep the part of the split that they have there.
        reporter: Where progress goes; standard error when None.

    Returns:
        The run folder.

    Raises:
        ConfigError: Something in the config is wrong (exit code 2), such as another backbone than
            that of `init_from`, or a device that is not there.
        CheckpointError: `init_from` cannot be read.
        DataError: The data check found errors (exit code 3).
        DivergedError: Losses or gradients stayed non-finite.
        Interrupted: Ctrl-C, SIGTERM or SIGHUP, after everything was saved.
    """
    if isinstance(config, Mapping):
        config = validate(config, "config")
    if not isinstance(config, Config):
        source = Path(config)
        config = load_config(source)
    reporter = reporter or Reporter()
    check_components(config)
    require_device(config.train.device)
    origin = None if init_from is None else read_run(init_from)
    check_start(config, origin)
    prepared = prepare(config, reporter, _parts(origin.run) if origin else None)
    # Kept with the run: prediction must read the numbers of images as training did.
    config = config.model_copy(update={"data": config.data.with_ranges(prepared.ranges)})
    start = _taken_over(origin, config, prepared) if origin else None
    run = RunFolder.create(Path(runs), config.name)
    with run.lock(), resume_hint(run):
        write_start(run, config, source, prepared, start)
        _train(run, config, prepared, reporter, None)
    return run


def resume(
    path: str | Path, *, device: str = "auto", reporter: Reporter | None = None
) -> RunFolder:
    """Go on with an interrupted run, bit for bit as if it had never stopped.

    A run that was stopped before its first checkpoint starts again, in the same folder.

    Args:
        path: The run folder.
        device: As `train.device`; the run's own when `auto`.
        reporter: Where progress goes; standard error when None.

    Raises:
        CheckpointError: No valid checkpoint, or config or data have changed.
        DataError: The data check found errors.
    """
    run = RunFolder.open(path)
    reporter = reporter or Reporter()
    with run.lock(), resume_hint(run):
        changes = [] if device == "auto" else [f"train.device={device}"]
        config = load_config(run.resolved_config, changes)
        checkpoint = load_checkpoint(run.path) if has_checkpoint(run.path) else None
        # The parts of a run that began from another follow from the other's.
        earlier = _parts(run) if run.start_weights.exists() else None
        prepared = prepare(config, reporter, earlier)
        require_same_rows(run, prepared)
        _train(run, config, prepared, reporter, checkpoint)
    return run


def _parts(run: RunFolder) -> dict[str, str]:
    """Image name, and digest of the content, to the image's part of the run's split."""
    names, parts = read_split(run.split)
    return {**read_digests(run.split), **dict(zip(names, parts.tolist(), strict=True))}


def _taken_over(origin: SavedRun, config: Config, prepared: Prepared) -> StartWeights:
    torch.manual_seed(stable_seed("weights", config.train.seed))
    network = fresh_network(config, prepared, pretrained=False)
    start = transfer(origin, network, config, prepared.tasks)
    moved = _moved(prepared, _parts(origin.run), origin.run.path)
    return replace(start, report=[*start.report, *moved])


def _moved(prepared: Prepared, earlier: Mapping[str, str], origin: Path) -> list[str]:
    """Lines about images whose part is not that of the other run."""
    names = zip(prepared.images, prepared.digests.tolist(), prepared.split.tolist(), strict=True)
    before = [
        (now, {earlier.get(name), earlier.get(digest.decode())}) for name, digest, now in names
    ]
    seen_before = sum(now != "train" and "train" in then for now, then in before)
    lines = []
    if seen_before:
        lines.append(
            f"W_TRAINED_ON: {seen_before} images that data.split holds out were trained on by "
            f"{origin}: their figures are too optimistic; move them to train, or omit --init-from"
        )
    taken = sum(now == "train" and bool(then & {"val", "test"}) for now, then in before)
    if taken:
        lines.append(
            f"{taken} images that {origin} held out are trained on now: they equal one that it "
            "was trained on, share a group with one, or data.split assigns them"
        )
    return lines


def _train(
    run: RunFolder,
    config: Config,
    prepared: Prepared,
    reporter: Reporter,
    checkpoint: Checkpoint | None,
) -> None:
    identity = run_identity(config, prepared, run)
    start = read_start_weights(run)
    if checkpoint:
        require_same(checkpoint.state["identity"], identity)
    with reporter.logged(run.log):
        _say_start(run, config, prepared, reporter)
        for line in start.report if start else ():
            reporter.say(line)
        keep_freed_memory()
        torch.manual_seed(stable_seed("weights", config.train.seed))
        pretrained = config.model.pretrained and not checkpoint and not start
        with reporter.waiting("building the network"):
            parts = build_parts(config, prepared, pretrained=pretrained, start=start)
        with closing(parts), worker_deaths_explained():
            position = Position()
            if checkpoint:
                optimizer = parts.stepper.optimizer
                position = restore_state(checkpoint, parts.network, optimizer, parts.average)
                reporter.say(f"resuming after step {position.step}")
                restore_lost_weights(run, position, parts.average)
            forget_later(run.metrics, position)
            trainer = Trainer(config.train, prepared, parts, run, reporter, identity)
            trainer.fit(position)
            _finish(run, config, prepared, trainer, reporter)


def _say_start(run: RunFolder, config: Config, prepared: Prepared, reporter: Reporter) -> None:
    counts = ", ".join(f"{len(prepared.rows(part))} {part}" for part in ("train", "val", "test"))
    heads = ", ".join(
        f"{name} ({', '.join([task.type, *([str(len(task.classes))] if task.classes else [])])})"
        for name, task in prepared.tasks.items()
    )
    if prepared.skipped:
        reporter.say(f"skipped {len(prepared.skipped)} faulty cells or rows; see {run.log}")
    warnings = [fault for fault in prepared.faults if fault.code.startswith("W_")]
    for line in fault_lines(warnings, f"all of them in {run.log}"):
        reporter.say(line)
    if prepared.split_basis:
        reporter.say(f"split: {prepared.split_basis}: {counts}")
    reporter.say(f"{run.path}: {counts} images; heads: {heads}; {config.model.backbone}")


def _finish(
    run: RunFolder, config: Config, prepared: Prepared, trainer: Trainer, reporter: Reporter
) -> None:
    """Fit decision rules on validation with the best weights; write what they are."""
    fitted = fit_decisions(trainer, run, prepared, reporter)
    write_classes(run, fitted, config)
    start = read_start_weights(run)
    origin = start.origin if start else None
    write_text(run.readme, model_card(run, config, prepared, fitted, origin))
    for line in weak_head_lines(weak_heads(run), config):
        reporter.say(line)
    reporter.say(f"done: {run.path}; next: polyhead evaluate {shlex.quote(str(run.path))}")

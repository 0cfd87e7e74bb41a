"""`train`: from a config to a finished run, and from an interrupted run to its end."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from polyhead.augment import Augmentation
from polyhead.config import Config, load_config, validate
from polyhead.data import read_split, write_split
from polyhead.errors import CheckpointError, PolyheadError
from polyhead.network import build_network, check_components, training_statistics
from polyhead.network.weights import check_state, read_weights
from polyhead.objective import Objective
from polyhead.preparation import Prepared, prepare
from polyhead.progress import Reporter
from polyhead.runtime.cache_folder import open_cache
from polyhead.runtime.run_folder import RunFolder, environment
from polyhead.structures.durable import write_json, write_text
from polyhead.tasks import Task
from polyhead.training.allocator import keep_freed_memory
from polyhead.training.checkpoint import Checkpoint, load_checkpoint
from polyhead.training.devices import build_accelerator
from polyhead.training.ema import ExponentialAverage
from polyhead.training.identity import require_same, run_identity
from polyhead.training.loading import Batches, choose_workers, in_order
from polyhead.training.model_card import model_card
from polyhead.training.optimizer import build_optimizer
from polyhead.training.order import EpochBatches, stable_seed
from polyhead.training.pictures import Collate, Pictures
from polyhead.training.state import Position, restore_state
from polyhead.training.step import Stepper
from polyhead.training.trainer import Parts, Trainer


def train(
    config: Config | str | Path,
    *,
    runs: str | Path = "runs",
    source: Path | None = None,
    reporter: Reporter | None = None,
) -> RunFolder:
    """Check the data, train every head, keep the best weights, fit the thresholds.

    Args:
        config: A config, or the path of its YAML file.
        runs: Where the run folder is made.
        source: The file that a `Config` came from, to be kept beside the weights.
        reporter: Where progress goes; standard error when None.

    Returns:
        The run folder.

    Raises:
        ConfigError: Something in the config is wrong (exit code 2).
        DataError: The data check found errors (exit code 3).
        DivergedError: Losses or gradients stayed non-finite.
        Interrupted: Ctrl-C or SIGTERM, after everything was saved.
    """
    if not isinstance(config, Config):
        source = Path(config)
        config = load_config(source)
    reporter = reporter or Reporter()
    check_components(config)
    prepared = prepare(config, reporter)
    run = RunFolder.create(Path(runs), config.name)
    with run.lock():
        _write_start(run, config, source, prepared)
        _train(run, config, prepared, reporter, None)
    return run


def resume(
    path: str | Path, *, device: str = "auto", reporter: Reporter | None = None
) -> RunFolder:
    """Go on with an interrupted run, bit for bit as if it had never stopped.

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
    with run.lock():
        changes = [] if device == "auto" else [f"train.device={device}"]
        config = load_config(run.resolved_config, changes)
        checkpoint = load_checkpoint(run.path)
        prepared = prepare(config, reporter)
        names, _ = read_split(run.split)
        if names != prepared.images:
            raise CheckpointError("the table names other pictures than when the run began.")
        _train(run, config, prepared, reporter, checkpoint)
    return run


def _train(
    run: RunFolder,
    config: Config,
    prepared: Prepared,
    reporter: Reporter,
    checkpoint: Checkpoint | None,
) -> None:
    _say_start(run, config, prepared, reporter)
    keep_freed_memory()
    torch.manual_seed(stable_seed("weights", config.train.seed))
    identity = run_identity(config, prepared)
    if checkpoint:
        require_same(checkpoint.state["identity"], identity)
    parts = _build(config, prepared, pretrained=config.model.pretrained and not checkpoint)
    position = Position()
    if checkpoint:
        optimizer = parts.stepper.optimizer
        position = restore_state(checkpoint, parts.network, optimizer, parts.average)
        reporter.say(f"resuming after step {position.step}")
    trainer = Trainer(config.train, prepared, parts, run, reporter, identity)
    position = trainer.fit(position)
    _finish(run, config, prepared, trainer, reporter)


def _build(config: Config, prepared: Prepared, *, pretrained: bool) -> Parts:
    settings, size = config.train, config.model.image_size
    counts = {
        name: training_statistics(task, prepared.targets[name][prepared.rows("train")])
        for name, task in prepared.tasks.items()
    }
    network = build_network(config, prepared.tasks, counts, pretrained=pretrained)
    network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    network.backbone.pretrained = config.model.pretrained
    shadow = copy.deepcopy(network)
    accelerator = build_accelerator(settings.device, settings.precision)
    shadow.to(accelerator.device)
    network.to(accelerator.device)
    optimizer = build_optimizer(
        network,
        learning_rate=settings.learning_rate,
        backbone_rate=settings.backbone_rate,
        weight_decay=settings.weight_decay,
    )
    model, optimizer = accelerator.prepare(network, optimizer)
    losses = {name: network.loss(name) for name in prepared.tasks}
    objective = Objective(losses, {name: keys.weight for name, keys in config.tasks.items()})
    order = EpochBatches(prepared.rows("train"), settings.batch_size, settings.seed)
    training, validation = _loaders(config, prepared, order, accelerator.device, size)
    return Parts(
        network=network,
        shadow=shadow,
        stepper=Stepper(accelerator, model, optimizer, objective, settings.clip),
        average=ExponentialAverage(network, settings.ema),
        order=order,
        training=training,
        validation=validation,
    )


def _loaders(
    config: Config,
    prepared: Prepared,
    order: EpochBatches,
    device: torch.device,
    size: tuple[int, int],
) -> tuple[Batches, Batches]:
    settings = config.train
    cache = open_cache(prepared.table, size) if config.data.cache else None
    augmentation = Augmentation(size) if settings.augment == "default" else None
    shown = Pictures(
        prepared.table,
        prepared.targets,
        size,
        cache=cache,
        augmentation=augmentation,
        seed=settings.seed,
    )
    plain = Pictures(prepared.table, prepared.targets, size, cache=cache)
    collate = Collate(prepared.tasks)
    workers = choose_workers(settings.workers, device)
    pin = device.type == "cuda"
    held_out = in_order(prepared.rows("val").tolist(), settings.batch_size)
    return (
        Batches(shown, order, collate, workers=workers, pin=pin),
        Batches(plain, held_out, collate, workers=workers, pin=pin),
    )


def _write_start(run: RunFolder, config: Config, source: Path | None, prepared: Prepared) -> None:
    """Everything about the run that is known before its first step."""
    resolved = config_yaml(config)
    write_text(run.config, source.read_text(encoding="utf-8-sig") if source else resolved)
    write_text(run.resolved_config, resolved)
    write_json(run.environment, environment())
    write_split(run.split, prepared.images, prepared.split)
    write_classes(run, prepared.tasks)
    lines = [str(fault) for fault in (*prepared.skipped, *prepared.faults)]
    write_text(run.log, "\n".join([*lines, ""]))


def write_classes(run: RunFolder, tasks: Mapping[str, Task]) -> None:
    """`classes.json`: what the outputs mean and how answers are chosen."""
    entries = {name: task.to_dict() for name, task in tasks.items()}
    write_json(run.classes, {"format_version": 1, "tasks": entries})


def config_yaml(config: Config) -> str:
    """The resolved config, as YAML that loads to the same config."""
    from ruamel.yaml import YAML
    from ruamel.yaml.compat import StringIO

    def quoted(value: Any) -> Any:
        """Drop what is at None: absent and unset are one."""
        if isinstance(value, Mapping):
            return {key: quoted(item) for key, item in value.items() if item is not None}
        return [quoted(item) for item in value] if isinstance(value, list) else value

    stream = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.dump(quoted(config.model_dump(mode="json")), stream)
    text = stream.getvalue()
    if validate_text(text) != config:
        raise PolyheadError("the resolved config does not load to itself; please report this.")
    return text


def validate_text(text: str) -> Config:
    """The config of a YAML text whose paths are absolute."""
    from polyhead.config import parse_yaml

    tree = parse_yaml(text, "config.resolved.yaml")
    return validate(tree.value, "config.resolved.yaml", tree)


def _say_start(run: RunFolder, config: Config, prepared: Prepared, reporter: Reporter) -> None:
    counts = ", ".join(f"{len(prepared.rows(part))} {part}" for part in ("train", "val", "test"))
    heads = ", ".join(
        f"{name} ({task.type}, {len(task.classes)})" for name, task in prepared.tasks.items()
    )
    if prepared.skipped:
        reporter.say(f"skipped {len(prepared.skipped)} faulty cells or rows; see {run.log}")
    for fault in prepared.faults:
        if fault.code.startswith("W_"):
            reporter.say(str(fault))
    reporter.say(f"{run.path}: {counts} pictures; heads: {heads}; {config.model.backbone}")


def _finish(
    run: RunFolder, config: Config, prepared: Prepared, trainer: Trainer, reporter: Reporter
) -> None:
    """Fit decision rules on validation with the best weights; write what they are."""
    weights, _ = read_weights(run.best_weights)
    check_state(trainer.parts.network.state_dict(), weights)
    dense, targets = trainer.dense_on_validation(weights=weights)
    fitted = {name: task.fit(dense[name], targets[name]) for name, task in prepared.tasks.items()}
    write_classes(run, fitted)
    write_text(run.readme, model_card(run, config, prepared))
    reporter.say(f"done: {run.path}")

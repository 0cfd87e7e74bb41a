"""From a config and prepared data to the parts that the loop works with."""

from __future__ import annotations

import copy

import numpy as np
import torch

from polyhead.checkpoints.start_weights import StartWeights
from polyhead.config import Config
from polyhead.heads import ClosedFormHead
from polyhead.loading.batches import Batches, Labelled, in_order, load_batches
from polyhead.loading.order import EpochBatchSampler
from polyhead.loading.sample_transform import transform_of
from polyhead.loading.sampler import sampler_of
from polyhead.losses import Loss
from polyhead.network import Network, build_network
from polyhead.network.layout import lay_out
from polyhead.objective import Coverage, Objective
from polyhead.preparation import Prepared
from polyhead.tasks import Targets, TaskEncoder
from polyhead.training.devices import build_accelerator
from polyhead.training.ema import ExponentialAverage
from polyhead.training.fitting import Fitting, fitted_heads
from polyhead.training.freezing import Freezing
from polyhead.training.optimizer import build_optimizer
from polyhead.training.step import Stepper
from polyhead.training.trainer import TrainingParts

ROWS_AT_ONCE = 65_536


def build_parts(
    config: Config, prepared: Prepared, *, pretrained: bool, start: StartWeights | None = None
) -> TrainingParts:
    """Network, optimizer, objective and loaders, on the device of the config.

    Args:
        config: The checked config.
        prepared: Checked and split data.
        pretrained: Whether to load ImageNet weights, which a resumed run overwrites anyway.
        start: What is taken over from another run.

    Raises:
        ConfigError: The device is not available, or the backbone's weights cannot be loaded.
    """
    settings = config.train
    network = fresh_network(config, prepared, pretrained=pretrained)
    if start:
        start.load_into(network)
    network.backbone.pretrained = config.model.pretrained or start is not None
    _undo_sampling(network, config, prepared)
    freezing = Freezing.of(config, network, start)
    ema_network = copy.deepcopy(network)
    accelerator = build_accelerator(settings.device, settings.precision)
    lay_out(ema_network.to(accelerator.device))
    lay_out(network.to(accelerator.device))
    optimizer = build_optimizer(
        network,
        learning_rate=settings.learning_rate,
        backbone_rate=settings.backbone_rate,
        weight_decay=settings.weight_decay,
    )
    model, optimizer = accelerator.prepare(network, optimizer)
    rules = start.tasks if start else {}
    fixed = {name: rules[name] for name in rules if freezing.is_fixed(network, name)}
    fitted = fitted_heads(network)
    learning = [name for name in prepared.tasks if name not in (*fixed, *fitted)]
    sampler = sampler_of(settings.sampler, prepared)
    order = EpochBatchSampler(prepared.rows("train"), settings.batch_size, settings.seed, sampler)
    weights = {name: config.tasks[name].weight for name in learning}
    objective = _objective(weights, network, prepared, order.drawn())
    training, validation = _loaders(config, prepared, order, accelerator.device)
    unfrozen = [name for name in fitted if name not in freezing.heads]
    return TrainingParts(
        network=network,
        ema_network=ema_network,
        stepper=Stepper(accelerator, model, optimizer, objective, settings.clip),
        average=ExponentialAverage(network, settings.ema),
        freezing=freezing,
        fixed=fixed,
        order=order,
        training=training,
        validation=validation,
        fitting=_fitting(config, prepared, unfrozen, accelerator.device),
    )


def fresh_network(config: Config, prepared: Prepared, *, pretrained: bool) -> Network:
    """The network before its first step, with heads that know the shares of the training part.

    Args:
        config: The checked config.
        prepared: Checked and split data.
        pretrained: Whether the backbone starts from ImageNet weights.

    Raises:
        ConfigError: The backbone's weights cannot be loaded.
    """
    rows = prepared.rows("train")
    counts = {
        name: task.statistics(prepared.targets[name][rows]) for name, task in prepared.tasks.items()
    }
    return build_network(config, prepared.deciders(), counts, pretrained=pretrained)


def _objective(
    weights: dict[str, float], network: Network, prepared: Prepared, rows: np.ndarray
) -> Objective:
    """The weighted sum of the tasks' losses, with their coverage in the rows of an epoch."""
    losses = {name: network.loss(name) for name in weights}
    coverage = {
        name: _coverage(loss, prepared.tasks[name], prepared.targets[name], rows)
        for name, loss in losses.items()
    }
    return Objective(losses, weights, coverage)


@torch.no_grad()
def _coverage(loss: Loss, task: TaskEncoder, targets: Targets, rows: np.ndarray) -> Coverage:
    """The mean coverage of a task in these rows."""
    count, num_known = 0.0, 0
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = targets[rows[start : start + ROWS_AT_ONCE]]
        known = torch.from_numpy(task.known(some))
        # Losses of boxes and masks count images, whatever is in them.
        values = torch.from_numpy(some) if isinstance(some, np.ndarray) else known
        count += float(loss.num_terms(values, known))
        num_known += int(known.reshape(len(known), -1).any(1).sum())
    return Coverage(count / len(rows), num_known / len(rows))


def _fitting(
    config: Config, prepared: Prepared, names: list[str], device: torch.device
) -> Fitting | None:
    """Batches of the training part as prediction sees it, for heads without gradients."""
    if not names:
        return None
    rows = prepared.rows("train").tolist()
    read = Labelled(
        {name: prepared.tasks[name] for name in names},
        {name: prepared.targets[name] for name in names},
    )
    keys = in_order(rows, config.train.batch_size)
    return Fitting(names, load_batches(config, prepared.table, keys, device, read), len(rows))


def _loaders(
    config: Config, prepared: Prepared, order: EpochBatchSampler, device: torch.device
) -> tuple[Batches, Batches]:
    """Training batches, and validation batches in the order of the table."""
    read = Labelled(prepared.tasks, prepared.targets, transform_of(config, prepared))
    held_out = in_order(prepared.rows("val").tolist(), config.train.batch_size)
    return (
        load_batches(config, prepared.table, order, device, read),
        load_batches(config, prepared.table, held_out, device),
    )


def _undo_sampling(network: Network, config: Config, prepared: Prepared) -> None:
    """Have the links of losses undo the shares that the config's sampler shows.

    Frozen heads keep what they were trained with; heads without gradients see each row once.
    """
    rows, sampler = prepared.rows("train"), sampler_of(config.train.sampler, prepared)
    expected = np.ones(len(rows)) if sampler is None else sampler.expected
    for name, task in prepared.tasks.items():
        is_fitted = isinstance(network.head(name), ClosedFormHead)
        if not is_fitted and not config.tasks[name].freeze:
            labels = task.label_matrix(prepared.targets[name][rows])
            network.loss(name).undo_sampling(labels, expected)

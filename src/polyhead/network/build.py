"""From a config and its settled tasks to a network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polyhead.backbones import Backbone
from polyhead.config import Config, check_component, construct
from polyhead.errors import ConfigError
from polyhead.heads import HEADS
from polyhead.losses import LOSSES, LabelCounts
from polyhead.network.network import Network
from polyhead.tasks import Task


def check_components(config: Config) -> None:
    """Refuse head and loss names or options that cannot be built, before any work is done.

    Raises:
        ConfigError: An unknown name or option, or a loss of another task type.
    """
    for name, task in config.tasks.items():
        construct("head", HEADS, task.head, 1, 2)
        loss, _ = check_component("loss", LOSSES, task.loss)
        if loss.task_type != task.type:
            fitting = [key for key, value in LOSSES.items() if value.task_type == task.type]
            raise ConfigError(
                f'tasks.{name}.loss = "{task.loss.name}" is a loss for {loss.task_type} tasks; '
                f"a {task.type} task takes {', '.join(fitting)}."
            )
        construct("loss", LOSSES, task.loss, _no_counts(2))


def build_network(
    config: Config,
    tasks: Mapping[str, Task],
    counts: Mapping[str, LabelCounts] | None = None,
    *,
    pretrained: bool,
) -> Network:
    """Backbone, heads and losses.

    Args:
        config: Names and options of the parts.
        tasks: The settled tasks.
        counts: Of the training part; None when weights are loaded afterwards, which hold them.
        pretrained: Whether the backbone starts from ImageNet weights.

    Raises:
        ConfigError: A name, option or the backbone's weights cannot be had.
    """
    size = config.model.image_size
    backbone = Backbone(config.model.backbone, pretrained=pretrained, image_size=size)
    heads, losses = {}, {}
    for name, task in tasks.items():
        outputs = len(task.classes)
        keys = config.tasks[name]
        heads[name] = construct("head", HEADS, keys.head, backbone.num_features, outputs)
        losses[name] = construct(
            "loss", LOSSES, keys.loss, counts[name] if counts else _no_counts(outputs)
        )
        if counts:
            heads[name].start_at(losses[name].start())
    return Network(backbone, heads, losses)


def _no_counts(outputs: int) -> LabelCounts:
    return LabelCounts(np.zeros(outputs), np.zeros(outputs))


def count_labels(labels: np.ndarray) -> LabelCounts:
    """Counts of an (N, C) int8 array of 1 yes, 0 no, -1 unknown."""
    return LabelCounts((labels == 1).sum(0), (labels >= 0).sum(0))

"""From a config and its settled tasks to a network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polyhead.backbones import Backbone
from polyhead.config import Config, check_component, construct
from polyhead.errors import ConfigError
from polyhead.heads import HEADS
from polyhead.losses import LOSSES, LabelCounts, NumberStatistics
from polyhead.network.network import Network
from polyhead.tasks import Task

Statistics = LabelCounts | NumberStatistics


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
        construct("loss", LOSSES, task.loss, _nothing_known(task.type, 2))


def build_network(
    config: Config,
    tasks: Mapping[str, Task],
    statistics: Mapping[str, Statistics] | None = None,
    *,
    pretrained: bool,
) -> Network:
    """Backbone, heads and losses.

    Args:
        config: Names and options of the parts.
        tasks: The settled tasks.
        statistics: Of the training part; None when weights are loaded afterwards, which hold them.
        pretrained: Whether the backbone starts from ImageNet weights.

    Raises:
        ConfigError: A name, option or the backbone's weights cannot be had.
    """
    size = config.model.image_size
    backbone = Backbone(config.model.backbone, pretrained=pretrained, image_size=size)
    heads, losses = {}, {}
    for name, task in tasks.items():
        keys = config.tasks[name]
        known = statistics[name] if statistics else _nothing_known(task.type, len(task.classes))
        losses[name] = construct("loss", LOSSES, keys.loss, known)
        start = losses[name].start()
        heads[name] = construct("head", HEADS, keys.head, backbone.num_features, len(start))
        if statistics:
            heads[name].start_at(start)
    return Network(backbone, heads, losses)


def _nothing_known(task_type: str, num_classes: int) -> Statistics:
    if task_type == "number":
        return NumberStatistics(mean=0.0, std=1.0)
    return LabelCounts(np.zeros(num_classes), np.zeros(num_classes))


def training_statistics(task: Task, targets: np.ndarray) -> Statistics:
    """What a task's loss is told of the training part.

    Args:
        task: Whose targets they are.
        targets: (N, …) of the training rows, as the task encodes them.
    """
    if task.type == "number":
        return NumberStatistics.of(targets[task.known(targets)])
    labels = task.stratify(targets)
    return LabelCounts((labels == 1).sum(0), (labels >= 0).sum(0))

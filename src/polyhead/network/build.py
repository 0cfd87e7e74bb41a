"""From a config and its settled tasks to a network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polyhead.backbones import Backbone, check_backbone
from polyhead.config import Config
from polyhead.errors import ConfigError
from polyhead.heads import HEADS, Fpn
from polyhead.losses import LOSSES, LabelCounts, NumberStatistics
from polyhead.network.network import Network
from polyhead.network.task_loss import Statistics, build_loss, check_fitted, check_tags_loss
from polyhead.registry import Component, check_component, construct
from polyhead.tasks import TagsConfig, Targets, Task

COARSE_STRIDES = (8, 16, 32)
SMALL_SIDE = 128  # pixels; objects in such pictures are small too


def check_components(config: Config) -> None:
    """Refuse a backbone, head or loss that cannot be built, before any work is done.

    Raises:
        ConfigError: An unknown name or option, or a loss of another task type.
    """
    check_backbone(config.model.backbone, pretrained=config.model.pretrained)
    for name, task in config.tasks.items():
        _check_head(name, task.type, task.head)
        loss, _ = check_component("loss", LOSSES, task.loss)
        if loss.task_type != task.type:
            fitting = [key for key, value in LOSSES.items() if value.task_type == task.type]
            raise ConfigError(
                f'tasks.{name}.loss = "{task.loss.name}" is a loss for {loss.task_type} tasks; '
                f"a {task.type} task takes {', '.join(fitting)}."
            )
        construct("loss", LOSSES, task.loss, _nothing_known(task.type, 2))
        check_fitted(name, task)
        if isinstance(task, TagsConfig):
            check_tags_loss(name, task)


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
    strides = _strides(config)
    backbone = Backbone(
        config.model.backbone, pretrained=pretrained, image_size=size, strides=strides
    )
    neck = Fpn(backbone.channels) if strides else None
    heads, losses = {}, {}
    for name, task in tasks.items():
        keys = config.tasks[name]
        known = statistics[name] if statistics else _nothing_known(task.type, len(task.classes))
        losses[name] = build_loss(task, keys, known)
        start = losses[name].start()
        inputs = [backbone.num_features, len(start)]
        if neck and HEADS[keys.head.name].reads == "pyramid":
            levels = _levels(task.type, size, list(backbone.channels))
            inputs = [neck.channels, len(start), levels]
        heads[name] = construct("head", HEADS, keys.head, *inputs)
        if statistics:
            heads[name].start_at(start)
    return Network(backbone, heads, losses, neck)


def _check_head(name: str, task_type: str, head: Component) -> None:
    factory, _ = check_component("head", HEADS, head)
    if task_type not in factory.task_types:
        fitting = [key for key, value in HEADS.items() if task_type in value.task_types]
        raise ConfigError(
            f'tasks.{name}.head = "{head.name}" is a head for {" and ".join(factory.task_types)} '
            f"tasks; a {task_type} task takes {', '.join(fitting)}."
        )
    construct("head", HEADS, head, 8, 2, *([[8]] if factory.reads == "pyramid" else []))


def _strides(config: Config) -> list[int]:
    """Levels of the pyramid: stride 4 too where masks or small pictures need so fine a grid."""
    types = {
        task.type for task in config.tasks.values() if HEADS[task.head.name].reads == "pyramid"
    }
    if not types:
        return []
    fine = "mask" in types or min(config.model.image_size) <= SMALL_SIDE
    return [4, *COARSE_STRIDES] if fine else list(COARSE_STRIDES)


def _levels(task_type: str, image_size: tuple[int, int], strides: list[int]) -> list[int]:
    """The levels that one head reads: boxes in large pictures do without the finest."""
    coarse = [stride for stride in strides if stride >= COARSE_STRIDES[0]]
    skips = task_type == "boxes" and min(image_size) > SMALL_SIDE and coarse
    return coarse if skips else strides


def _nothing_known(task_type: str, num_classes: int) -> Statistics:
    if task_type == "number":
        return NumberStatistics(mean=0.0, std=1.0)
    return LabelCounts(np.zeros(num_classes), np.zeros(num_classes))


def training_statistics(task: Task, targets: Targets) -> Statistics:
    """What a task's loss is told of the training part.

    Args:
        task: Whose targets they are.
        targets: Of the training rows, as the task encodes them.
    """
    if task.type == "mask":  # whose pixels nobody counts beforehand
        return _nothing_known(task.type, len(task.classes))
    if task.type == "number":
        return NumberStatistics.of(targets[task.known(targets)])
    labels = task.stratify(targets)
    known = labels >= 0
    return LabelCounts((labels == 1).sum(0), known.sum(0), int(known.any(1).sum()))

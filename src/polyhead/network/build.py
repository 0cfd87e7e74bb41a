"""From a config and its tasks to a network."""

from __future__ import annotations

from collections.abc import Mapping

from polyhead.backbones import Backbone, check_backbone
from polyhead.config import Config
from polyhead.errors import ConfigError
from polyhead.heads import HEADS, ClosedFormHead, Fpn, Head, SpatialHead
from polyhead.losses import LOSSES
from polyhead.network.network import Network
from polyhead.registry import Component, check_component, construct
from polyhead.tasks import IMAGE_LEVEL_TYPES, TASK_TYPES, Statistics, TaskConfig, TaskDecider


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
        construct("loss", LOSSES, task.loss, _no_statistics(task.type, 2))
        _check_fitted(name, task)
        loss.check_keys(name, task, LOSSES)


def build_network(
    config: Config,
    tasks: Mapping[str, TaskDecider],
    statistics: Mapping[str, Statistics] | None = None,
    *,
    pretrained: bool,
) -> Network:
    """Backbone, heads and losses.

    Args:
        config: Names and options of the parts.
        tasks: Task name to decider.
        statistics: Of the training part; None when weights are loaded afterwards, which hold them.
        pretrained: Whether the backbone starts from ImageNet weights.

    Raises:
        ConfigError: A name or option does not exist, or the backbone's weights cannot be loaded.
    """
    read = _strides(config)
    strides = sorted({stride for levels in read.values() for stride in levels})
    backbone = Backbone(
        config.model.backbone,
        pretrained=pretrained,
        image_size=config.model.image_size,
        strides=strides,
    )
    neck = Fpn(backbone.channels) if strides else None
    heads, losses = {}, {}
    for name, task in tasks.items():
        keys = config.tasks[name]
        number = len(task.classes)
        known = statistics[name] if statistics else _no_statistics(task.type, number)
        loss, _ = check_component("loss", LOSSES, keys.loss)
        losses[name] = loss.build(keys, task.classes, known)
        start = losses[name].initial_logits()
        inputs = [backbone.num_features, len(start)]
        if neck and name in read:  # a backbone may lack the finest levels
            levels = [stride for stride in backbone.channels if stride in read[name]]
            inputs = [neck.channels, len(start), levels or list(backbone.channels)]
        heads[name] = construct("head", HEADS, keys.head, *inputs)
        if statistics:
            heads[name].start_at(start)
    return Network(backbone, heads, losses, neck)


def _answered(head: type[Head]) -> tuple[str, ...]:
    """The task types that a head answers."""
    return head.task_types or IMAGE_LEVEL_TYPES


def _check_head(name: str, task_type: str, head: Component) -> None:
    factory, _ = check_component("head", HEADS, head)
    if task_type not in _answered(factory):
        fitting = [key for key, value in HEADS.items() if task_type in _answered(value)]
        raise ConfigError(
            f'tasks.{name}.head = "{head.name}" is a head for {" and ".join(_answered(factory))} '
            f"tasks; a {task_type} task takes {', '.join(fitting)}."
        )
    construct("head", HEADS, head, 8, 2, *([[8]] if factory.reads == "pyramid" else []))


def _strides(config: Config) -> dict[str, tuple[int, ...]]:
    """Task name to the levels of the pyramid that its head reads, finest first."""
    size = config.model.image_size
    heads = {name: HEADS[task.head.name] for name, task in config.tasks.items()}
    return {n: head.strides_for(size) for n, head in heads.items() if issubclass(head, SpatialHead)}


def _no_statistics(task_type: str, num_classes: int) -> Statistics:
    return TASK_TYPES[task_type].decider.no_statistics(num_classes)


def _check_fitted(name: str, keys: TaskConfig) -> None:
    """Refuse losses whose logits are not the posterior that a fitted head returns.

    Args:
        name: Of the task.
        keys: Of the task; its head and its loss exist.

    Raises:
        ConfigError: A head without gradients has another loss, or keys that act by gradients.
    """
    if not issubclass(HEADS[keys.head.name], ClosedFormHead):
        return
    why = f"the head {keys.head.name} is fitted without gradients, to known cells, and descends no"
    loss = LOSSES[keys.loss.name]
    if not loss.reads_log_posterior or keys.loss.options:
        options = " with options" if keys.loss.options else ""
        fitting = " or ".join(
            key
            for key, value in LOSSES.items()
            if value.task_type == keys.type and value.reads_log_posterior
        )
        raise ConfigError(
            f'tasks.{name}.loss = "{keys.loss.name}"{options}: {why} loss; expected {fitting} '
            "without options, which reads its answers as probabilities; remove `loss`, or choose "
            "another head."
        )
    loss.check_without_gradients(name, keys, why)

"""From the task sections of a config to settled tasks, those that follow from others included."""

from __future__ import annotations

from collections.abc import Mapping

from polyhead.config import Config
from polyhead.errors import ConfigError, nearest
from polyhead.table import Table
from polyhead.tasks import (
    BoxesTask,
    MaskTask,
    TagsConfig,
    TagsFromObjects,
    TagsTask,
    Task,
    derive_tags,
    tags_from,
)

Derived = dict[str, tuple[str, TagsFromObjects]]
"""Tags task to the task that tells its tags, and how."""


def settle(config: Config, table: Table) -> dict[str, Task]:
    """Every task with its classes, in the order of the config.

    Raises:
        ConfigError: A column or the task of a `from` is not there; names the nearest.
        DataError: A table tells no classes.
    """
    settled = {
        name: keys.resolve(name, table)
        for name, keys in config.tasks.items()
        if not (isinstance(keys, TagsConfig) and keys.source)
    }
    for name, keys in config.tasks.items():
        if isinstance(keys, TagsConfig) and keys.source:
            settled[name] = tags_from(name, keys, _source(name, keys.source, settled))
    return {name: settled[name] for name in config.tasks}


def derived_tags(tasks: Mapping[str, Task]) -> Derived:
    """How tags follow from the targets of other tasks."""
    return {
        name: (task.config.source, derive_tags(task, _source(name, task.config.source, tasks)))
        for name, task in tasks.items()
        if isinstance(task, TagsTask) and task.config and task.config.source
    }


def _source(name: str, source: str, tasks: Mapping[str, Task]) -> BoxesTask | MaskTask:
    task = tasks.get(source)
    if isinstance(task, BoxesTask | MaskTask):
        return task
    fitting = [key for key, value in tasks.items() if isinstance(value, BoxesTask | MaskTask)]
    raise ConfigError(
        f'tasks.{name}.from = "{source}" is no boxes or mask task. {nearest(source, fitting)}'
    )

"""Task types: one file each, with its keys, targets, predictions and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from polyhead.errors import CheckpointError, nearest
from polyhead.registry import Component
from polyhead.tasks.boxes.task import BoxesConfig, BoxesTask, BoxesTaskMeter
from polyhead.tasks.mask.check import MaskCheck, check_masks
from polyhead.tasks.mask.task import MaskConfig, MaskTask
from polyhead.tasks.number.task import NumberConfig, NumberTask
from polyhead.tasks.section import Section
from polyhead.tasks.single_class.task import ClassConfig, ClassTask, ClassTaskMeter
from polyhead.tasks.tags.from_objects import TagsFromObjects, derive_tags, tags_from
from polyhead.tasks.tags.meter import TagsTaskMeter
from polyhead.tasks.tags.task import TagsConfig, TagsTask
from polyhead.tasks.task import Dense, Encoding, Meter, Targets, Task, TaskConfig

__all__ = [
    "AnyTaskConfig",
    "BoxesConfig",
    "BoxesTask",
    "BoxesTaskMeter",
    "ClassConfig",
    "ClassTask",
    "ClassTaskMeter",
    "Component",
    "Dense",
    "Encoding",
    "MaskCheck",
    "MaskConfig",
    "MaskTask",
    "Meter",
    "NumberConfig",
    "NumberTask",
    "Section",
    "TagsConfig",
    "TagsFromObjects",
    "TagsTask",
    "TagsTaskMeter",
    "Targets",
    "Task",
    "TaskConfig",
    "check_masks",
    "derive_tags",
    "tags_from",
    "task_from_dict",
]

AnyTaskConfig = Annotated[
    TagsConfig | ClassConfig | BoxesConfig | MaskConfig | NumberConfig, Field(discriminator="type")
]
_TASKS: dict[str, type[Task]] = {
    task.type: task for task in (TagsTask, ClassTask, BoxesTask, MaskTask, NumberTask)
}


def task_from_dict(name: str, entry: Mapping[str, Any]) -> Task:
    """The task that `Task.to_dict` described, ready to select predictions.

    Raises:
        CheckpointError: The type is none of ours, or something is missing.
    """
    if entry.get("type") not in _TASKS:
        hint = nearest(str(entry.get("type")), _TASKS)
        raise CheckpointError(f'task "{name}" has type "{entry.get("type")}". {hint}')
    try:
        return _TASKS[entry["type"]].from_dict(name, entry)
    except KeyError as error:
        raise CheckpointError(
            f'task "{name}" holds {", ".join(sorted(entry))} but no {error}; restore the file.'
        ) from None

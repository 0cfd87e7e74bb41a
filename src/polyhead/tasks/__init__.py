"""Task types: a folder each, with its keys, encoder, decider and figures.

The registry lines of a type stand here, and nowhere else does the program ask which type a task
has: it asks the encoder and the decider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from polyhead.errors import CheckpointError, nearest
from polyhead.tasks.boxes.config import BoxesConfig
from polyhead.tasks.boxes.decider import BoxesDecider
from polyhead.tasks.boxes.encoder import BoxesEncoder
from polyhead.tasks.mask.config import MaskConfig
from polyhead.tasks.mask.decider import MaskDecider
from polyhead.tasks.mask.encoder import MaskEncoder
from polyhead.tasks.number.config import NumberConfig
from polyhead.tasks.number.decider import NumberDecider
from polyhead.tasks.number.encoder import NumberEncoder
from polyhead.tasks.ordinal.config import OrdinalConfig
from polyhead.tasks.ordinal.decider import OrdinalDecider
from polyhead.tasks.ordinal.encoder import OrdinalEncoder
from polyhead.tasks.section import Section
from polyhead.tasks.single_class.config import ClassConfig
from polyhead.tasks.single_class.decider import ClassDecider
from polyhead.tasks.single_class.encoder import ClassEncoder
from polyhead.tasks.statistics import LabelCounts, NumberStatistics, Statistics
from polyhead.tasks.tags.config import TagsConfig
from polyhead.tasks.tags.decider import TagsDecider
from polyhead.tasks.tags.encoder import TagsEncoder
from polyhead.tasks.targets import Dense, Targets
from polyhead.tasks.task_config import TaskConfig
from polyhead.tasks.task_decider import Meter, TaskDecider
from polyhead.tasks.task_encoder import Derivation, Encoding, TaskEncoder

__all__ = [
    "IMAGE_LEVEL_TYPES",
    "SPATIAL_TYPES",
    "TASK_TYPES",
    "AnyTaskConfig",
    "BoxesConfig",
    "BoxesDecider",
    "BoxesEncoder",
    "ClassConfig",
    "ClassDecider",
    "ClassEncoder",
    "Dense",
    "Derivation",
    "Encoding",
    "LabelCounts",
    "MaskConfig",
    "MaskDecider",
    "MaskEncoder",
    "Meter",
    "NumberConfig",
    "NumberDecider",
    "NumberEncoder",
    "NumberStatistics",
    "OrdinalConfig",
    "OrdinalDecider",
    "OrdinalEncoder",
    "Section",
    "Statistics",
    "TagsConfig",
    "TagsDecider",
    "TagsEncoder",
    "Targets",
    "TaskConfig",
    "TaskDecider",
    "TaskEncoder",
    "TaskType",
    "decider_from_dict",
]


class TaskType(NamedTuple):
    """The classes that make up one task type."""

    config: type[TaskConfig]
    encoder: type[TaskEncoder]
    decider: type[TaskDecider]


AnyTaskConfig = Annotated[
    TagsConfig | ClassConfig | BoxesConfig | MaskConfig | NumberConfig | OrdinalConfig,
    Field(discriminator="type"),
]
TASK_TYPES = {
    kind.decider.type: kind
    for kind in (
        TaskType(TagsConfig, TagsEncoder, TagsDecider),
        TaskType(ClassConfig, ClassEncoder, ClassDecider),
        TaskType(BoxesConfig, BoxesEncoder, BoxesDecider),
        TaskType(MaskConfig, MaskEncoder, MaskDecider),
        TaskType(NumberConfig, NumberEncoder, NumberDecider),
        TaskType(OrdinalConfig, OrdinalEncoder, OrdinalDecider),
    )
}
SPATIAL_TYPES = tuple(name for name, kind in TASK_TYPES.items() if kind.encoder.is_spatial)
IMAGE_LEVEL_TYPES = tuple(name for name in TASK_TYPES if name not in SPATIAL_TYPES)


def decider_from_dict(name: str, entry: Mapping[str, Any]) -> TaskDecider:
    """The decider that `TaskDecider.to_dict` described.

    Raises:
        CheckpointError: The type is not among `TASK_TYPES`, or something is missing.
    """
    if entry.get("type") not in TASK_TYPES:
        hint = nearest(str(entry.get("type")), TASK_TYPES)
        raise CheckpointError(f'task "{name}" has type "{entry.get("type")}". {hint}')
    try:
        return TASK_TYPES[entry["type"]].decider.from_dict(name, entry)
    except KeyError as error:
        raise CheckpointError(
            f'task "{name}" holds {", ".join(sorted(entry))} but no {error}; restore the file.'
        ) from None

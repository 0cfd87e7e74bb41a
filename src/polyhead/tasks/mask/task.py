"""Task type `mask`: the class of every pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from PIL import Image
from pydantic import AfterValidator, Field, model_validator

from polyhead.errors import ConfigError, nearest
from polyhead.metrics import MaskMeter
from polyhead.predictions import MaskPrediction
from polyhead.registry import Component, ComponentField
from polyhead.table import MaskTargets, Table, is_objects
from polyhead.table.mask_map import MaskMap, colour_code
from polyhead.table.mask_sources import UNKNOWN_PIXEL
from polyhead.tasks.class_names import ClassNames
from polyhead.tasks.mask.cells import encode_masks, mask_classes, mask_column
from polyhead.tasks.task import Dense, Encoding, Task, TaskConfig


def _several(names: tuple[str, ...]) -> tuple[str, ...]:
    if names and not 2 <= len(names) <= UNKNOWN_PIXEL:
        raise ValueError(f"found {len(names)} of them; expected 2 to {UNKNOWN_PIXEL}")
    return names


def mask_map(config: MaskConfig, classes: Sequence[str]) -> MaskMap:
    """What stands for which of some classes.

    Raises:
        ValueError: Something is no value or no colour, or is both a class and ignored.
    """
    is_colour = config.colours is not None
    ignored = () if config.ignore == "others" else config.ignore
    unknown = [colour_code(text) if is_colour else _whole(text) for text in ignored]
    more = {"is_colour": is_colour, "others_unknown": config.ignore == "others"}
    if not is_colour and config.values is None:
        places = {place: place for place in range(len(classes)) if place not in unknown}
        return MaskMap.of(places, unknown, **more)
    stated = config.colours or config.values or {}
    named = {
        colour_code(key) if isinstance(key, str) else key: name for key, name in stated.items()
    }
    if len(named) < len(stated):
        raise ValueError(f"`{config.key}` writes one colour in two ways; expected each once")
    for text, code in zip(ignored, unknown, strict=True):
        if code in named:
            raise ValueError(f'`ignore` and `{config.key}` both have "{text}"; expected one')
    places = {code: classes.index(name) for code, name in named.items()}
    return MaskMap.of(places, unknown, is_declared=True, **more)


def _whole(text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError(f'found "{text}" in `ignore`; expected pixel values such as 255')
    return int(text)


class MaskConfig(TaskConfig):
    """Keys of a mask task."""

    type: Literal["mask"]
    column: str | None = Field(
        default=None, description="The task's own name, else `mask`, unless given."
    )
    classes: Annotated[ClassNames, AfterValidator(_several)] = Field(
        default=(), description="In the order of the pixel values; 255 is unknown."
    )
    values: dict[int, str] | None = Field(
        default=None, description="From pixel value to class, such as {0: background, 255: lesion}."
    )
    colours: dict[str, str] | None = Field(
        default=None, description='From colour to class, such as {"128,0,0": road}.'
    )
    ignore: tuple[str, ...] | Literal["others"] = Field(
        default=(), description="Values or colours that are unknown; others: all not declared."
    )
    head: ComponentField = Component(name="mask")
    loss: ComponentField = Component(name="segmentation")

    @model_validator(mode="after")
    def _consistent(self) -> MaskConfig:
        if self.values is not None and self.colours is not None:
            raise ValueError("found both `values` and `colours`; expected one of them")
        _several(self.names())
        unnamed = [name for name in self.names() if self.classes and name not in self.classes]
        if unnamed:
            raise ValueError(
                f'`{self.key}` names the class "{unnamed[0]}", which `classes` lacks; '
                f"{nearest(unnamed[0], self.classes)}"
            )
        mask_map(self, self.classes or self.names())
        return self

    @property
    def key(self) -> str:
        """The key that says what stands for which class."""
        return "values" if self.values is not None else "colours"

    def names(self) -> tuple[str, ...]:
        """The classes of `values` or `colours`, in the order of first appearance."""
        return tuple(dict.fromkeys((self.values or self.colours or {}).values()))

    def resolve(self, name: str, table: Table) -> MaskTask:
        """The task with its classes, which segmented objects tell unless they are declared."""
        column = mask_column(table, self.column, name)
        if (self.values or self.colours) and is_objects(table.column(column).type):
            raise ConfigError(
                f'tasks.{name}: column "{column}" holds objects with outlines, whose labels are '
                f"the classes; `{self.key}` is for mask pictures; remove it, or name their column."
            )
        classes = self.classes or self.names() or mask_classes(table, column)
        return MaskTask(name, classes, self)


@dataclass(frozen=True)
class MaskTask(Task):
    """A mask task whose K classes are settled.

    Attributes:
        name: Key in the YAML.
        classes: The K classes, in the order of the pixel values.
        config: Where the masks stand in the table; None once trained.
    """

    type: ClassVar[str] = "mask"
    score_name: ClassVar[str] = "mIoU"
    name: str
    classes: tuple[str, ...]
    config: MaskConfig | None = None

    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:
        """`MaskTargets` of all rows; `check_masks` reads their pixels."""
        assert self.config is not None
        column = mask_column(table, self.config.column, self.name)
        sizes = np.zeros((len(table), 2), np.int32) if sizes is None else sizes
        meaning = mask_map(self.config, self.classes)
        return Encoding(*encode_masks(table, column, self.classes, sizes, meaning))

    def read_from(self, config: MaskConfig) -> MaskTask:
        """The same classes as if they had been declared."""
        return replace(self, config=config.model_copy(update={"classes": self.classes}))

    def known(self, targets: MaskTargets) -> np.ndarray:
        """(N,) rows that have a mask."""
        return targets.known

    def stack(self, samples: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """(B, H, W) uint8 class indices, and which pixels are known."""
        targets = np.stack(samples)
        return targets, targets != UNKNOWN_PIXEL

    def stratify(self, targets: MaskTargets) -> np.ndarray:
        """One yes/no column per class: whether a pixel of it is there."""
        return targets.present

    def select(self, dense: Dense, sizes: np.ndarray) -> list[MaskPrediction]:
        """The likeliest class of each pixel of the displayed pictures."""
        return [
            MaskPrediction(self.classes, likeliest_classes(logits, (size[0], size[1])))
            for logits, size in zip(dense["logits"], sizes.tolist(), strict=True)
        ]

    def meter(self) -> MaskTaskMeter:
        """Figures of the masks as they are given."""
        return MaskTaskMeter(self)

    @classmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> MaskTask:
        """From type and classes."""
        return cls(name, tuple(entry["classes"]))

    def to_dict(self) -> dict[str, Any]:
        """Type and classes in order."""
        return {"type": self.type, "classes": list(self.classes)}


def likeliest_classes(logits: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The class of the highest logit at each pixel of a picture; the first of equal ones.

    Logits are resized bilinearly between pixel centres, one class after the other, so that
    memory holds two of them at the full size, however many there are.

    Args:
        logits: (K, h, w) float32.
        size: Height and width of the displayed picture.

    Returns:
        (H, W) uint8.
    """
    height, width = size
    best, classes = np.full(size, -np.inf, np.float32), np.zeros(size, np.uint8)
    for index, plane in enumerate(logits):
        resized = Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize(
            (width, height), Image.Resampling.BILINEAR
        )
        values = np.asarray(resized)
        np.copyto(classes, np.uint8(index), where=values > best)
        np.maximum(best, values, out=best)
    return classes


class MaskTaskMeter:
    """A `MaskMeter` that sees the masks as they are given.

    Args:
        task: Gives them.
    """

    def __init__(self, task: MaskTask) -> None:
        self._task, self._meter = task, MaskMeter(task.classes)

    def update(self, dense: Dense, targets: MaskTargets) -> None:
        """Take one batch."""
        for row, logits in enumerate(dense["logits"]):
            truth = targets[row]
            height, width = truth.shape
            is_judged = targets.known[row]
            predicted = likeliest_classes(logits, (height, width)) if is_judged else truth
            self._meter.update(predicted, truth)

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The task's part of `evaluation.json`."""
        return self._meter.compute(intervals=intervals)

    def fit(self) -> MaskTask:
        """The task itself: the likeliest class needs no threshold."""
        return self._task

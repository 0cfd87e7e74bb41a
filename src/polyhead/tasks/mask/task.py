"""Task type `mask`: the class of every pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from PIL import Image
from pydantic import AfterValidator, Field

from polyhead.metrics import MaskMeter
from polyhead.structures import MaskPrediction, MaskTargets, Table
from polyhead.structures.mask_sources import UNKNOWN_PIXEL
from polyhead.tasks.class_names import ClassNames
from polyhead.tasks.component import Component, ComponentField
from polyhead.tasks.mask.cells import encode_masks, mask_classes, mask_column
from polyhead.tasks.task import Dense, Encoding, Task, TaskConfig


def _several(names: tuple[str, ...]) -> tuple[str, ...]:
    if names and not 2 <= len(names) <= UNKNOWN_PIXEL:
        raise ValueError(f"found {len(names)} of them; expected 2 to {UNKNOWN_PIXEL}")
    return names


class MaskConfig(TaskConfig):
    """Keys of a mask task."""

    type: Literal["mask"]
    column: str | None = Field(
        default=None, description="The task's own name, else `mask`, unless given."
    )
    classes: Annotated[ClassNames, AfterValidator(_several)] = Field(
        default=(), description="In the order of the pixel values; 255 is unknown."
    )
    head: ComponentField = Component(name="mask")
    loss: ComponentField = Component(name="segmentation")

    def resolve(self, name: str, table: Table) -> MaskTask:
        """The task with its classes, which segmented objects tell unless they are declared."""
        column = mask_column(table, self.column, name)
        return MaskTask(name, self.classes or mask_classes(table, column), self)


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
        return Encoding(*encode_masks(table, column, self.classes, sizes))

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

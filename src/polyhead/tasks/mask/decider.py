"""From dense arrays to the mask of an image, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from polyhead.metrics import MaskMeter
from polyhead.predictions import MaskPrediction
from polyhead.table import MaskTargets
from polyhead.tasks.targets import Dense, Size
from polyhead.tasks.task_decider import Meter, TaskDecider


@dataclass(frozen=True)
class MaskDecider(TaskDecider):
    """The decider of a mask task.

    Attributes:
        name: Key in the YAML.
        classes: The K classes, in the order of the pixel values.
    """

    type: ClassVar[str] = "mask"
    score_name: ClassVar[str] = "mIoU"
    confusion_share: ClassVar[str] = "the true pixels"
    reading: ClassVar[str] = (
        "the likeliest class of every pixel of the displayed image, decided on a coarser grid of "
        "the stretched image (a quarter of its sides with most backbones) and enlarged: what is "
        "thinner than a cell of that grid may be lost."
    )
    is_spatial: ClassVar[bool] = True
    name: str
    classes: tuple[str, ...]

    def select(self, dense: Dense, sizes: np.ndarray) -> list[MaskPrediction]:
        """The likeliest class of each pixel of the displayed images."""
        return [
            MaskPrediction(self.classes, likeliest_classes(logits, (size[0], size[1])))
            for logits, size in zip(dense["logits"], sizes.tolist(), strict=True)
        ]

    def meter(self) -> MaskTaskMeter:
        """Figures of the masks as they are shown."""
        return MaskTaskMeter(self)

    def columns(self) -> list[str]:
        """The mask in words, then the share of the image that each class covers."""
        return [self.name, *(f"{self.name}/{label}" for label in self.classes)]

    @classmethod
    def sample_size(cls, entry: Mapping[str, Any]) -> str:
        """Known pixels."""
        return f"{entry['num_pixels']:,} pixels"

    @classmethod
    def known_text(cls, entry: Mapping[str, Any]) -> str:
        """How many images are annotated, and their known pixels."""
        known, images = entry["num_images_known"], entry["num_images"]
        return f"{known:,} of {images:,} images annotated, {cls.sample_size(entry)}"

    @classmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> MaskDecider:
        """From type and classes."""
        return cls(name, tuple(entry["classes"]))

    def to_dict(self) -> dict[str, Any]:
        """Type and classes in order."""
        return {"type": self.type, "classes": list(self.classes)}


def likeliest_classes(logits: np.ndarray, size: Size) -> np.ndarray:
    """The class of the highest logit at each pixel of an image; the first of equal ones.

    Logits are resized bilinearly between pixel centres, one class after the other, so that
    memory holds two of them at the full size, however many there are.

    Args:
        logits: (K, h, w) float32.
        size: Height and width of the displayed image.

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


class MaskTaskMeter(Meter):
    """A `MaskMeter` that sees the masks as they are shown.

    Args:
        decider: Whose masks are measured; nothing is fitted for it.
    """

    def __init__(self, decider: MaskDecider) -> None:
        self._decider, self._meter = decider, MaskMeter(decider.classes)

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

    def fit(self, config: Any) -> MaskDecider:
        """The decider itself: the likeliest class needs no threshold."""
        del config
        return self._decider

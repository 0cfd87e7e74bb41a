"""Boxes of an augmented image: moved by geometric steps, joined where images are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from polyhead.table import ImageBoxes
from polyhead.tasks.steps import Step
from polyhead.tasks.targets import Size

# Of a box that was cut: what shows less is neither an object to find nor background.
SMALLEST_SHARE, SMALLEST_SIDE = 0.2, 2.0  # of its area; in pixels
WHOLE = 0.99  # share of the area, less for rounding
TINY = 1e-30


def move_boxes(boxes: ImageBoxes, steps: Sequence[Step], size: Size) -> ImageBoxes:
    """Move boxes, clip them to the image and drop those that are gone.

    A box that lost more than 80 % of its area, or was cut to less than 2 pixels, becomes
    `ignored`: the sliver that still shows must not count as background.

    Args:
        boxes: M boxes in pixels of the image.
        steps: What the image went through.
        size: Height and width of the image, before and after.
    """
    now = _clip(boxes.boxes_xyxy, size)
    share = np.where((_sides(now) > 0).all(1), 1.0, 0.0)
    for step in steps:
        # Also what lies outside the image: from it follows the share that is left.
        moved = step.boxes(now, size)
        # Clipped at once: a box that is turned together with what was cut off would be too large.
        now = _clip(moved, size)
        share = share * _areas(now) / np.maximum(_areas(moved), TINY)
    kept = share > 0
    now, share = now[kept], share[kept]
    cut_small = (share < WHOLE) & (_sides(now).min(1, initial=np.inf) < SMALLEST_SIDE)
    return replace(
        boxes,
        boxes_xyxy=now,
        labels=boxes.labels[kept],
        ignored=boxes.ignored[kept] | (share < SMALLEST_SHARE) | cut_small,
    )


def join_boxes(images: Sequence[ImageBoxes]) -> ImageBoxes:
    """All boxes of several images, of the classes that every image was annotated for."""
    known = np.logical_and.reduce([boxes.known for boxes in images])
    labels = np.concatenate([boxes.labels for boxes in images])
    kept = known[labels]
    return ImageBoxes(
        np.concatenate([boxes.boxes_xyxy for boxes in images])[kept],
        labels[kept],
        np.concatenate([boxes.ignored for boxes in images])[kept],
        known,
    )


def _clip(boxes_xyxy: np.ndarray, size: Size) -> np.ndarray:
    height, width = size
    return boxes_xyxy.clip(0, np.array([width, height, width, height], np.float32))


def _sides(boxes_xyxy: np.ndarray) -> np.ndarray:
    """(M, 2) widths and heights."""
    return boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]


def _areas(boxes_xyxy: np.ndarray) -> np.ndarray:
    """(M,) pixels."""
    sides = _sides(boxes_xyxy)
    return sides[:, 0] * sides[:, 1]

"""Boxes and masks through geometric steps; every other target stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeGuard

import numpy as np
import torch
from PIL import Image
from torchvision import tv_tensors

from polyhead.augment.geometry import Step
from polyhead.table import Boxes

# Of a box that was cut: what shows less is neither an object to find nor background.
SMALLEST_SHARE, SMALLEST_SIDE = 0.2, 2.0  # of its area; in pixels
WHOLE = 0.99  # share of the area, less for rounding
TINY = 1e-30


def is_mask(target: Any) -> TypeGuard[np.ndarray]:
    """Whether a target is a mask: (H, W) uint8 class indices, 255 unknown."""
    return isinstance(target, np.ndarray) and target.ndim == 2 and target.dtype == np.uint8


def move(target: Any, steps: Sequence[Step], size: tuple[int, int]) -> Any:
    """A target as it is once the picture went through some steps.

    Args:
        target: `Boxes` in pixels of the picture, a mask of its size, or an image-level target,
            which is given back as it is.
        steps: What the picture went through.
        size: Height and width of the picture.
    """
    if isinstance(target, Boxes):
        return move_boxes(target, steps, size)
    return _move_mask(target, steps) if is_mask(target) else target


def move_boxes(boxes: Boxes, steps: Sequence[Step], size: tuple[int, int]) -> Boxes:
    """Move boxes, clip them to the picture and drop those that are gone.

    A box that lost more than 80 % of its area, or was cut to less than 2 pixels, becomes
    `ignored`: the sliver that still shows must not count as background.

    Args:
        boxes: M boxes in pixels of the picture.
        steps: What the picture went through.
        size: Height and width of the picture, before and after.
    """
    now = _clip(boxes.boxes_xyxy, size)
    share = np.where((_sides(now) > 0).all(1), 1.0, 0.0)
    for step in steps:
        moved = _unclamped(now, step, size)
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


def _unclamped(boxes_xyxy: np.ndarray, step: Step, size: tuple[int, int]) -> np.ndarray:
    """(M, 4) after a step, also what lies outside: so the share that is left can be told."""
    wrap: Any = tv_tensors.BoundingBoxes  # its type takes the constructor for that of a tensor
    boxes = torch.tensor(boxes_xyxy)
    return step(wrap(boxes, format="XYXY", canvas_size=size, clamping_mode=None)).numpy()


def _move_mask(mask: np.ndarray, steps: Sequence[Step]) -> np.ndarray:
    item = Image.fromarray(mask)
    for step in steps:
        item = step(item)
    return np.array(item)


def _clip(boxes_xyxy: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    height, width = size
    return boxes_xyxy.clip(0, np.array([width, height, width, height], np.float32))


def _sides(boxes_xyxy: np.ndarray) -> np.ndarray:
    """(M, 2) widths and heights."""
    return boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]


def _areas(boxes_xyxy: np.ndarray) -> np.ndarray:
    """(M,) pixels."""
    sides = _sides(boxes_xyxy)
    return sides[:, 0] * sides[:, 1]

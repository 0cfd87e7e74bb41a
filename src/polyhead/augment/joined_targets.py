"""The targets of several pictures that are shown as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from polyhead.augment.spatial_targets import is_mask
from polyhead.table import Boxes

JoinMasks = Callable[[Sequence[np.ndarray]], np.ndarray]


def join_targets(pictures: Sequence[Mapping[str, Any]], join_masks: JoinMasks) -> dict[str, Any]:
    """What is true of a picture that shows several whole pictures.

    Tags are yes where any picture's is, no where all are, else unknown. A class is known where
    all have the same; a number is unknown, for it may be a count, a mean or anything else.

    Args:
        pictures: The same tasks of each; boxes and masks moved to where the picture is shown.
        join_masks: From the masks of one task, (H, W) each, to one of the same shape.
    """
    first = pictures[0]
    return {name: _join([targets[name] for targets in pictures], join_masks) for name in first}


def _join(values: Sequence[Any], join_masks: JoinMasks) -> Any:
    if isinstance(values[0], Boxes):
        return join_boxes(values)
    if is_mask(values[0]):
        return join_masks(values)
    cells = np.stack(values)
    if cells.ndim > 1:
        return join_tags(cells)
    if np.issubdtype(cells.dtype, np.floating):
        return cells.dtype.type(np.nan)
    return cells[0] if (cells == cells[0]).all() else cells.dtype.type(-1)


def join_boxes(pictures: Sequence[Boxes]) -> Boxes:
    """All boxes, of the classes that every picture was looked through for."""
    known = np.logical_and.reduce([boxes.known for boxes in pictures])
    labels = np.concatenate([boxes.labels for boxes in pictures])
    kept = known[labels]
    return Boxes(
        np.concatenate([boxes.boxes_xyxy for boxes in pictures])[kept],
        labels[kept],
        np.concatenate([boxes.ignored for boxes in pictures])[kept],
        known,
    )


def join_tags(cells: np.ndarray) -> np.ndarray:
    """(P, L) int8 of 1 yes, 0 no, -1 unknown, of P pictures -> (L,) of all together."""
    return np.where((cells == 1).any(0), 1, cells.min(0)).astype(cells.dtype)

"""Placement of the labels of boxes: beside their box, inside the canvas, off each other."""

from __future__ import annotations

import numpy as np

# The most of a label that stronger ones may cover; beyond it the box has no label.
MOST_COVERED = 0.2
# The most of the canvas that labels may take, or it is they that one sees.
MOST_TAKEN = 0.2


def place_tabs(
    boxes_xyxy: np.ndarray, sizes: np.ndarray, canvas: tuple[int, int]
) -> list[tuple[int, int] | None]:
    """Find a place for the label of each box, the first boxes choosing first.

    The cost of a place is the share of the label that earlier labels cover, plus half the share
    of each box that the label would hide, plus a little for being far down the list of places.

    Args:
        boxes_xyxy: (M, 4) pixels of the canvas, strongest first.
        sizes: (M, 2) width and height of the labels.
        canvas: Width and height.

    Returns:
        Left and top of each label; None where every place is taken.
    """
    placed = np.zeros((0, 4))
    room = MOST_TAKEN * canvas[0] * canvas[1]
    found: list[tuple[int, int] | None] = []
    for box, size in zip(boxes_xyxy, sizes, strict=True):
        if size.prod() > room:
            found.append(None)
            continue
        places = _places(box, size, canvas)
        covered = _overlaps(places, placed).sum(1) / max(float(size.prod()), 1)
        hidden = (_overlaps(places, boxes_xyxy) / np.maximum(_areas(boxes_xyxy), 1)).sum(1)
        best = int(np.argmin(covered + 0.5 * hidden + 0.02 * np.arange(len(places))))
        if covered[best] > MOST_COVERED:
            found.append(None)
            continue
        placed = np.vstack([placed, places[best]])
        room -= size.prod()
        found.append((int(places[best, 0]), int(places[best, 1])))
    return found


def _places(box: np.ndarray, size: np.ndarray, canvas: tuple[int, int]) -> np.ndarray:
    """Above, below, inside and beside a box, moved onto the canvas, as (P, 4)."""
    (x0, y0, x1, y1), (width, height) = box, size
    corners = np.array(
        [
            (x0, y0 - height),
            (x0, y0),
            (x1 - width, y0 - height),
            (x0, y1),
            (x1 - width, y1),
            (x1 - width, y0),
            (x0, y1 - height),
            (x1 - width, y1 - height),
            (x1, y0),
            (x0 - width, y0),
        ]
    )
    corners = np.clip(np.round(corners), 0, np.maximum(np.subtract(canvas, size), 0))
    return np.hstack([corners, corners + size])


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(P, M) pixels that each of one has in common with each of the other."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    return np.clip(high - low, 0, None).prod(2)

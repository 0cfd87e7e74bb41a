"""Numbers in a COCO document: boxes, areas, flags, sizes.

Some tools write numbers in quotes; they are read all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from polyhead.formats.coco.document import missing
from polyhead.table.object_spellings import BoxFormat, to_corners

MAX_SIDE = 2**31 - 1

_Items = Sequence[dict[str, Any]]

_CROWD = {None: False, 0: False, 1: True, "0": False, "1": True}
_NO_NUMBER = (OverflowError, TypeError, ValueError)


def read_boxes(items: _Items, kind: BoxFormat) -> tuple[np.ndarray, np.ndarray]:
    """(M, 4) float64 x_min, y_min, x_max, y_max, and (M,) bool: there is none."""
    broken = np.zeros(len(items), bool)
    try:
        quads = np.array([item["bbox"] for item in items], np.float64)
        whole = quads.shape == (len(items), 4)
    except (KeyError, *_NO_NUMBER):
        quads, whole = np.zeros((0, 4)), not items
    around = np.zeros(len(items), bool)
    if not whole:
        found = [_box(item) for item in items]
        broken = np.array([box is None for box in found], bool)
        quads = np.array([box or [0.0] * 4 for box in found], np.float64).reshape(-1, 4)
        around = np.array([not item.get("bbox") for item in items], bool)
    with np.errstate(over="ignore", invalid="ignore"):  # whoever reads them checks for infinity
        corners = to_corners(quads, kind)
    return np.where(around[:, None], quads, corners), broken


def read_areas(items: _Items, positions: np.ndarray, source: str) -> pa.Array:
    """M float64, null where unknown.

    Args:
        items: M annotations.
        positions: (M,) their places in the file, for messages.
        source: File name, for messages.

    Raises:
        DataError: `E_COCO`, an area is no number.
    """
    areas = [item.get("area") for item in items]
    try:
        return pa.array(areas, pa.float64())
    except (pa.ArrowException, *_NO_NUMBER):
        numbers = [None if area is None else _floats([area]) for area in areas]
    for item, position, area, number in zip(items, positions, areas, numbers, strict=True):
        if area is not None and number is None:
            raise missing(source, "annotations", int(position), item, "area")
    return pa.array([None if number is None else number[0] for number in numbers], pa.float64())


def read_crowds(items: _Items, positions: np.ndarray, source: str) -> np.ndarray:
    """(M,) bool; arguments as `read_areas`.

    Raises:
        DataError: `E_COCO`, a flag is neither 0 nor 1.
    """
    flags = [item.get("iscrowd") for item in items]
    for item, position, flag in zip(items, positions, flags, strict=True):
        if isinstance(flag, list | dict) or flag not in _CROWD:
            raise missing(source, "annotations", int(position), item, "iscrowd")
    return np.array([_CROWD[flag] for flag in flags], bool)


def read_sizes(images: _Items) -> np.ndarray:
    """(N, 2) int32 height and width of each image; 0 where unknown."""
    sizes = np.zeros((len(images), 2), np.int32)
    for row, image in zip(sizes, images, strict=True):
        sides = _floats([image.get("height"), image.get("width")])
        if sides and all(0 < side <= MAX_SIDE for side in sides):
            row[:] = sides
    return sizes


def _box(item: dict[str, Any]) -> list[float] | None:
    """The four numbers of one annotation; the corners around its polygons where it has none."""
    box = item.get("bbox")
    if not box:
        return _around(item.get("segmentation"))
    return _floats(box) if isinstance(box, list) and len(box) == 4 else None


def _around(polygons: Any) -> list[float] | None:
    if not isinstance(polygons, list) or not all(isinstance(part, list) for part in polygons):
        return None
    points = _floats([value for part in polygons for value in part])
    if points is None or len(points) < 6 or any(len(part) % 2 for part in polygons):
        return None
    return [min(points[::2]), min(points[1::2]), max(points[::2]), max(points[1::2])]


def _floats(values: Sequence[Any]) -> list[float] | None:
    """The values as numbers, NaN for null; None where one is no number."""
    try:
        return [float("nan") if value is None else float(value) for value in values]
    except _NO_NUMBER:
        return None

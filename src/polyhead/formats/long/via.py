"""Regions of the VGG annotator's csv: shapes and attributes as JSON in the cells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from polyhead.errors import first_few
from polyhead.formats.faults import refusal
from polyhead.formats.long.boxes import RowBoxes
from polyhead.formats.long.quads import Quads
from polyhead.formats.long.spellings import LABELS, find_named

SHAPES, ATTRIBUTES = "region_shape_attributes", "region_attributes"
_COLUMNS = (SHAPES, ATTRIBUTES, "region_count", "region_id", "file_size")


def read_via(data: pa.Table, source: str) -> RowBoxes | None:
    """The regions of R rows; None where the table is no such export.

    Rectangles, circles, ellipses, polygons and polylines become the box around them, polygons with
    their outline; points have no extent and are no box.

    Raises:
        DataError: `E_OBJECTS`: several attributes of regions may be the label.
    """
    if SHAPES not in data.column_names:
        return None
    shapes = [_object(text) for text in data.column(SHAPES).to_pylist()]
    boxes = [_box(shape) for shape in shapes]
    values = np.array([box or [np.nan] * 4 for box in boxes], np.float64).reshape(-1, 4)
    is_point = np.array([bool(s) and s.get("name") == "point" for s in shapes], bool)
    is_blank = np.array([shape == {} for shape in shapes], bool) | is_point
    quads = Quads(values, is_blank, ~is_blank & ~np.isfinite(values).all(axis=1), "xyxy")
    outlines = pa.array([_outline(shape) for shape in shapes], pa.string())
    labels, summary = _labels(data, source)
    if is_point.any():
        summary += f"; {np.count_nonzero(is_point):,} points have no extent and are not read"
    taken = tuple(name for name in _COLUMNS if name in data.column_names)
    return RowBoxes(quads, labels, taken, summary, outlines=outlines)


def _labels(data: pa.Table, source: str) -> tuple[pa.ChunkedArray | None, str]:
    """The labels, one attribute of each region, and how they were read, in words."""
    summary = f'the shapes in "{SHAPES}"'
    cells = data.column(ATTRIBUTES).to_pylist() if ATTRIBUTES in data.column_names else []
    attributes = [_object(text) or {} for text in cells]
    keys = sorted({key for item in attributes for key, value in item.items() if value})
    if not keys:
        return None, summary
    key = keys[0] if len(keys) == 1 else find_named(keys, LABELS)
    if key is None:
        message = (
            f"regions have the attributes {first_few(keys, 10)}; expected one that is the label; "
            'call that one "label" in the annotator, and export again.'
        )
        raise refusal("E_OBJECTS", source, message)
    others = [name for name in keys if name != key]
    summary += f', the label in their attribute "{key}"'
    if others:
        summary += f"; their attributes {first_few(others, 10)} are not read"
    texts = pa.array([_label(item.get(key)) for item in attributes], pa.string())
    return pa.chunked_array([texts]), summary


def _object(text: str | None) -> dict[str, Any] | None:
    """A cell as an object; {} for an empty cell, None for what is no object."""
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _label(value: Any) -> str | None:
    """A text, or the one option that is ticked."""
    if isinstance(value, dict):
        ticked = [option for option, is_set in value.items() if is_set]
        return ticked[0] if len(ticked) == 1 else None
    return None if value is None else str(value)


def _box(shape: dict[str, Any] | None) -> list[float] | None:
    """x_min, y_min, x_max, y_max around a shape; None where it has none."""
    try:
        return _around(shape or {})
    except (KeyError, TypeError, ValueError):
        return None


def _around(shape: dict[str, Any]) -> list[float] | None:
    kind = shape.get("name")
    if kind == "rect":
        x, y = float(shape["x"]), float(shape["y"])
        return [x, y, x + float(shape["width"]), y + float(shape["height"])]
    if kind in ("circle", "ellipse"):
        x, y = float(shape["cx"]), float(shape["cy"])
        across, down = (shape["r"],) * 2 if kind == "circle" else (shape["rx"], shape["ry"])
        return [x - float(across), y - float(down), x + float(across), y + float(down)]
    if kind in ("polygon", "polyline"):
        across, down = _points(shape)
        return [min(across), min(down), max(across), max(down)]
    return None


def _points(shape: dict[str, Any]) -> tuple[Sequence[float], Sequence[float]]:
    across, down = ([float(v) for v in shape[f"all_points_{axis}"]] for axis in "xy")
    if len(across) != len(down):
        raise ValueError("coordinates without a partner")
    return across, down


def _outline(shape: dict[str, Any] | None) -> str | None:
    if not shape or shape.get("name") != "polygon" or _box(shape) is None:
        return None
    across, down = _points(shape)
    if len(across) < 3:
        return None
    return json.dumps([[v for point in zip(across, down, strict=True) for v in point]])

"""Regions as Label Studio draws them: in per cent of the image's width and height."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from polyhead.formats.structured.boxes import real

SIZE = ("original_width", "original_height")
_SHAPES = ("rectangle", "polygon", "brush", "ellipse", "keypoint", "vector", "video", "bitmask")
_RECTANGLE = ("x", "y", "width", "height")


def is_region(item: Mapping[str, Any]) -> bool:
    """Whether an object is a region of Label Studio."""
    return shape_of(item) is not None


def shape_of(item: Mapping[str, Any]) -> str | None:
    """`rectanglelabels`, `polygon` and the like; None for other objects."""
    named = [key for key in item if key.endswith("labels") and key[:-6] in _SHAPES]
    if named:
        return named[0]
    return item.get("region_type") or ("rectangle" if all(key in item for key in SIZE) else None)


def region_objects(item: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """One object a label of a rectangle or polygon, in pixels; None for shapes that are not read.

    A rectangle turned by θ about its upper left corner takes the box around it; so does a polygon,
    which keeps its outline.

    Raises:
        ValueError: The size of the image is missing, which per cent refer to.
    """
    shape = shape_of(item) or ""
    is_polygon = shape.startswith("polygon") and isinstance(item.get("points"), list)
    is_box = shape.startswith("rectangle") and all(key in item for key in _RECTANGLE)
    if not (is_polygon or is_box):
        return None
    width, height = (real(item.get(key)) for key in SIZE)
    if not (width > 0 and height > 0):
        raise ValueError(
            "a region in per cent has no original_width and original_height; expected both; "
            "add them, as Label Studio exports them"
        )
    points = _polygon(item, width, height) if is_polygon else _rectangle(item, width, height)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    box: dict[str, Any] = {"xyxy": [min(xs), min(ys), max(xs), max(ys)]}
    if is_polygon:
        box["segmentation"] = json.dumps([[side for point in points for side in point]])
    return [{"label": label, **box} for label in _labels(item, shape)]


def is_turned(item: Mapping[str, Any]) -> bool:
    """Whether a region is rotated."""
    turn = real(item.get("rotation", 0))
    return math.isfinite(turn) and turn % 360 != 0


def size_of(item: Mapping[str, Any]) -> tuple[int, int] | None:
    """Height and width of the image as annotated with the region."""
    width, height = (real(item.get(key)) for key in SIZE)
    return (int(height), int(width)) if width > 0 and height > 0 else None


def _labels(item: Mapping[str, Any], shape: str) -> list[str | None]:
    found: Any = item.get(shape) or item.get("labels") or [None]
    return found if isinstance(found, list) else [found]


def _rectangle(item: Mapping[str, Any], width: float, height: float) -> list[tuple[float, float]]:
    x, y, w, h = (real(item[key]) for key in _RECTANGLE)
    x, y, w, h = x * width / 100, y * height / 100, w * width / 100, h * height / 100
    if not is_turned(item):
        return [(x, y), (x + w, y + h)]
    turn = math.radians(real(item["rotation"]))
    cos, sin = math.cos(turn), math.sin(turn)
    return [(x + a * cos - b * sin, y + a * sin + b * cos) for a in (0, w) for b in (0, h)]


def _polygon(item: Mapping[str, Any], width: float, height: float) -> list[tuple[float, float]]:
    return [(real(x) * width / 100, real(y) * height / 100) for x, y in item["points"]]

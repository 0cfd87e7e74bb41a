"""Boxes of single objects, whichever keys they are spelled with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from polyhead.table.object_spellings import (
    AMBIGUOUS_KEYS,
    CORNER_KEYS,
    LABEL_KEYS,
    SIZE_KEYS,
    four_keys,
)

_LABELS = (
    *LABEL_KEYS,
    *("category_name", "class_name", "label_name", "className", "labelName", "classTitle"),
    *("object_class", "tag", "tagName", "title", "type", "category_id", "class_id", "label_id"),
)
# x and y are the upper left corner, as in COCO, Label Studio and the VGG annotator.
_CORNER_AND_SIZE = (
    ("left", "top", "width", "height"),
    ("x", "y", "width", "height"),
    ("x", "y", "w", "h"),
    ("xmin", "ymin", "width", "height"),
    ("x_min", "y_min", "width", "height"),
)
_CENTRE_AND_SIZE = (
    ("x_center", "y_center", "width", "height"),
    ("center_x", "center_y", "width", "height"),
    ("cx", "cy", "width", "height"),
    ("cx", "cy", "w", "h"),
)
_CENTRED = "coordinates"  # CreateML's x and y are the centre


def box_of(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """The box of an object, in a spelling that `canonical_objects` reads; None without one.

    Four numbers beside the label, or below a key of their own such as `box2d`.

    >>> box_of({"category": "car", "box2d": {"x1": 1, "y1": 2, "x2": 3, "y2": 4}})
    {'xyxy': [1.0, 2.0, 3.0, 4.0]}
    >>> box_of({"label": "car", "coordinates": {"x": 5, "y": 6, "width": 2, "height": 4}})
    {'xyxy': [4.0, 4.0, 6.0, 8.0]}
    """
    for key in (*CORNER_KEYS, *SIZE_KEYS, *AMBIGUOUS_KEYS):
        if isinstance(item.get(key), list):
            return _listed(key, item[key])
    found = _quad(item, centred=False)
    if found is not None:
        return found
    below = [
        _quad(value, centred=key == _CENTRED)
        for key, value in item.items()
        if isinstance(value, dict) and "3d" not in key.lower()
    ]
    boxes = [box for box in below if box is not None]
    return boxes[0] if len(boxes) == 1 else None


def box_keys(item: Mapping[str, Any]) -> set[str]:
    """The keys of an object that `box_of` reads."""
    nested = {k for k, v in item.items() if isinstance(v, dict) and _quad(v, centred=False)}
    spelled = {*CORNER_KEYS, *SIZE_KEYS, *AMBIGUOUS_KEYS, *(four_keys(item) or ())}
    quads = (keys for keys in (*_CORNER_AND_SIZE, *_CENTRE_AND_SIZE) if _has(item, keys))
    return nested | spelled | {key for keys in quads for key in keys}


def label_key(item: Collection[str]) -> str | None:
    """The key that holds the label of an object; None without one."""
    return next((key for key in _LABELS if key in item), None)


def label_of(item: Mapping[str, Any]) -> str | None:
    """The label of an object, be it the name of a category below its key.

    >>> label_of({"category": {"id": 3, "name": "car"}}), label_of({"box": [1, 2, 3, 4]})
    ('car', None)
    """
    key = label_key(item)
    value = None if key is None else item[key]
    if isinstance(value, dict):
        return label_of(value)
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return None if value is None or isinstance(value, list | dict) else str(value)


def _listed(key: str, numbers: list[Any]) -> dict[str, Any]:
    """Four numbers below a key; one that can mean two things keeps it, and is refused later."""
    if key in AMBIGUOUS_KEYS:
        return {key: numbers}
    return {"xyxy": numbers} if key in CORNER_KEYS else _from_corner(numbers)


def _from_corner(numbers: list[Any]) -> dict[str, Any]:
    x, y, width, height = map(real, numbers) if len(numbers) == 4 else [float("nan")] * 4
    return {"xyxy": [x, y, x + width, y + height]}


def _quad(item: Mapping[str, Any], *, centred: bool) -> dict[str, Any] | None:
    corners = four_keys(item)
    if corners is not None:
        return {"xyxy": [real(item[key]) for key in corners]}
    for keys in _CORNER_AND_SIZE:
        if _has(item, keys):
            numbers = [real(item[key]) for key in keys]
            return _around(*numbers) if centred else _from_corner(numbers)
    for keys in _CENTRE_AND_SIZE:
        if _has(item, keys):
            return _around(*(real(item[key]) for key in keys))
    return None


def _has(item: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    return all(key in item for key in keys)


def real(value: Any) -> float:
    """A number that may be written in quotes; NaN, which the check reports, for none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _around(x: float, y: float, width: float, height: float) -> dict[str, Any]:
    return {"xyxy": [x - width / 2, y - height / 2, x + width / 2, y + height / 2]}

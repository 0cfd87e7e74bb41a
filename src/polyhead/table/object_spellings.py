"""Usual spellings of the keys of an object: its label, its box, its flags."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import numpy as np
import pyarrow as pa

BoxFormat = Literal["xyxy", "xywh", "cxcywh"]

LABEL_KEYS = ("label", "class", "category", "name")
CORNER_KEYS = ("xyxy", "box", "bbox_xyxy", "box_xyxy")
SIZE_KEYS = ("xywh", "bbox_xywh", "box_xywh")
FOUR_KEYS = (
    ("x_min", "y_min", "x_max", "y_max"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("x0", "y0", "x1", "y1"),
    ("x1", "y1", "x2", "y2"),
    ("left", "top", "right", "bottom"),
)
# COCO and its descendants mean x, y, width, height by it, other tools two corners: no guess.
AMBIGUOUS_KEYS = ("bbox", "bounding_box", "boundingbox")
OPTIONAL_KEYS = {
    "crowd": ("crowd", "iscrowd", "is_crowd"),
    "difficult": ("difficult", "is_difficult"),
    "area": ("area",),
    "segmentation": ("segmentation",),
}


def to_corners(quads: np.ndarray, kind: BoxFormat) -> np.ndarray:
    """(M, 4) x_min, y_min, x_max, y_max of boxes in a format."""
    if kind == "xyxy":
        return quads
    low = quads[:, :2] - (quads[:, 2:] / 2 if kind == "cxcywh" else 0)
    return np.concatenate([low, low + quads[:, 2:]], axis=1)


def is_any_list(kind: pa.DataType) -> bool:
    """Whether a type is a list, whichever way Arrow stores it."""
    types = pa.types
    tests = (types.is_list, types.is_large_list, types.is_fixed_size_list, types.is_list_view)
    return any(test(kind) for test in tests)


def find_fields(kind: pa.DataType) -> list[str]:
    """Names of the keys of the structs in a list, or of the lists in a struct; else none."""
    if is_any_list(kind) and pa.types.is_struct(kind.value_type):
        return [field.name for field in kind.value_type]
    if pa.types.is_struct(kind) and all(is_any_list(field.type) for field in kind):
        return [field.name for field in kind]
    return []


def has_box(names: Collection[str]) -> bool:
    """Whether some keys spell a box, be it in a spelling that is refused later."""
    single = (*CORNER_KEYS, *SIZE_KEYS, *AMBIGUOUS_KEYS)
    return any(key in names for key in single) or four_keys(names) is not None


def four_keys(names: Collection[str]) -> tuple[str, ...] | None:
    """The four keys that hold x_min, y_min, x_max and y_max, or None."""
    return next((keys for keys in FOUR_KEYS if all(key in names for key in keys)), None)


def unread_keys(kind: pa.DataType) -> list[str]:
    """The keys of the objects that have no meaning here."""
    read = {*LABEL_KEYS, *CORNER_KEYS, *SIZE_KEYS, *AMBIGUOUS_KEYS}
    read.update(key for keys in (*FOUR_KEYS, *OPTIONAL_KEYS.values()) for key in keys)
    return [name for name in find_fields(kind) if name not in read]

"""Faults of boxes, found in whole-column steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from polyhead.errors import Fault
from polyhead.table import Table
from polyhead.tasks.row_faults import MAX_LISTED

MAX_CLIPPED = 1.0  # pixels outside that rounding explains
MAX_WARNINGS = 20
SMALL_IMAGE = 16  # pixels of the shorter side; a box of a pixel may be real there
PER_CENT = 100.0
_MIN_BOXES = 3
_LARGE_IMAGE = 200  # pixels of the shorter side: boxes up to 100 would leave half of it empty
_MANY_BEYOND = 0.2  # share of boxes that reach out of smaller images
LARGEST_FRACTION = 1.5  # normalised boxes may reach out of the image somewhat


@dataclass(frozen=True, eq=False)
class BoxRows:
    """M boxes with the sizes of their images.

    Attributes:
        rows: (M,) row of each.
        boxes_xyxy: (M, 4) float64 in pixels.
        limits: (M, 4) float64 width, height, width, height; 0 where the image is unreadable.
        as_written: (M, 4) as the file has them.
        fractions: Whether the file says that they are fractions.
    """

    rows: np.ndarray
    boxes_xyxy: np.ndarray
    limits: np.ndarray
    as_written: np.ndarray
    fractions: bool


def box_faults(table: Table, column: str, boxes: BoxRows) -> tuple[np.ndarray, list[Fault]]:
    """Which boxes cannot be used, and what is wrong with them.

    Returns:
        (M,) bool, True for boxes to drop; and faults, each box in one of them at most:
        `E_BOX_NOT_FINITE`, `E_BOX_INVERTED`, `E_BOX_NORMALISED`, `E_BOX_ZERO_AREA`,
        `E_BOX_OUTSIDE`, and `W_BOX_CLIPPED` and `W_BOX_PER_CENT` for boxes that stay.
    """
    finite = np.asarray(np.isfinite(boxes.boxes_xyxy).all(axis=1))
    pixels = np.where(finite[:, None], boxes.boxes_xyxy, 0)
    low, high, limits = pixels[:, :2], pixels[:, 2:], boxes.limits[:, :2]
    sized = limits.all(1)
    general = _wrong_units(table, column, boxes, finite)
    outside = ((high <= 0) | (low >= limits)).any(1) & sized
    beyond = np.maximum(-low, high - limits).max(1, initial=0)
    found = [
        ("E_BOX_NOT_FINITE", ~finite, _not_finite),
        ("E_BOX_INVERTED", (high < low).any(1), _inverted),
        ("E_BOX_NORMALISED", _in_unit_square(boxes), _normalised),
        ("E_BOX_ZERO_AREA", (high == low).any(1), _zero_area),
        ("E_BOX_OUTSIDE", outside, _outside),
        ("W_BOX_CLIPPED", (beyond > MAX_CLIPPED) & sized, _clipped),
    ]
    seen = np.zeros(len(finite), bool)
    faults = general
    for code, wrong, message in found:
        if (
            general
            and general[0].is_error
            and code in ("E_BOX_NORMALISED", "E_BOX_OUTSIDE", "W_BOX_CLIPPED")
        ):
            continue
        faults = [*faults, *_listed(table, code, np.flatnonzero(wrong & ~seen), boxes, message)]
        if code.startswith("E_"):
            seen |= wrong
    return seen, faults


def _listed(
    table: Table, code: str, places: np.ndarray, boxes: BoxRows, message: Callable[..., str]
) -> list[Fault]:
    """One fault for each of the first boxes; the last counts the rest."""
    limit = MAX_LISTED if code.startswith("E_") else MAX_WARNINGS
    faults = []
    for place in places[:limit].tolist():
        row = int(boxes.rows[place])
        shown = "[" + ", ".join(f"{side:.6g}" for side in boxes.as_written[place].tolist()) + "]"
        size = boxes.limits[place, :2].tolist()
        text = message(shown, boxes.boxes_xyxy[place].tolist(), size)
        faults.append(Fault(code, table.where(row), text, row))
    if len(places) > limit:
        rest = f"{len(places) - limit} more boxes have the same fault."
        faults.append(Fault(code, table.source, rest))
    return faults


def _in_unit_square(boxes: BoxRows) -> np.ndarray:
    """Boxes within the first pixel of an image of many, where fractions were written."""
    if boxes.fractions:
        return np.zeros(len(boxes.rows), bool)
    tiny = (boxes.boxes_xyxy >= 0).all(1) & (boxes.boxes_xyxy <= 1).all(1)
    return tiny & (boxes.limits.min(1) >= SMALL_IMAGE)


def _wrong_units(table: Table, column: str, boxes: BoxRows, finite: np.ndarray) -> list[Fault]:
    """One fault when all boxes are fractions where pixels are expected, or the reverse."""
    written, large = boxes.as_written[finite], boxes.limits[finite].min(1) >= SMALL_IMAGE
    if not large.any():
        return []
    highest = float(np.abs(written).max())
    if boxes.fractions and (np.abs(written).max(1) > LARGEST_FRACTION).mean() > 0.5:
        found, expected = "pixels", "fractions of the image's sides"
        mend = "divide them by width and height"
    elif not boxes.fractions and highest <= LARGEST_FRACTION:
        found, expected = "fractions of the image's sides", "pixels"
        mend = "multiply them by width and height"
    else:
        return _perhaps_per_cent(table, column, boxes, finite)
    message = (
        f'the {len(written)} boxes of column "{column}" reach to {highest:.6g}, so that they seem '
        f"to be {found}; expected {expected}; {mend}."
    )
    return [Fault("E_BOX_NORMALISED", table.source, message)]


def _perhaps_per_cent(table: Table, column: str, boxes: BoxRows, finite: np.ndarray) -> list[Fault]:
    """A warning where all boxes lie within 0 to 100, though their images do not."""
    written, sides = boxes.as_written[finite], boxes.limits[finite]
    least, highest = float(written.min()), float(written.max())
    if boxes.fractions or least < 0 or highest > PER_CENT or len(written) < _MIN_BOXES:
        return []
    sized = sides[sides.all(1)]
    if not len(sized):
        return []
    if float(sized.min()) >= _LARGE_IMAGE:
        found = "so that all of them lie in the upper left corner"
    elif (boxes.boxes_xyxy[finite] > sides).any(1).mean() > _MANY_BEYOND and highest > 1:
        found = "and many of them reach out"
    else:
        return []
    width, height = np.median(sized[:, :2], axis=0)
    message = (
        f'the {len(written)} boxes of column "{column}" lie between {least:.6g} and {highest:.6g} '
        f"in images of {width:.0f} × {height:.0f} pixels, {found}: they are read as pixels; if "
        "they are per cent of the sides, multiply x by width / 100 and y by height / 100."
    )
    return [Fault("W_BOX_PER_CENT", table.source, message)]


def _not_finite(shown: str, _box: list[float], _size: list[float]) -> str:
    return f"box {shown} holds a missing, NaN or infinite side; expected numbers; mend it."


def _inverted(shown: str, box: list[float], _size: list[float]) -> str:
    place, axis, side = (0, "x", "width") if box[2] < box[0] else (1, "y", "height")
    negative = box[place + 2] - box[place]
    return (
        f"box {shown} has {axis}2 < {axis}1, a {side} of {negative:.6g}; expected {axis}1 < "
        f"{axis}2; swap the two (in COCO: write the upper left corner and a {side} above 0), or "
        "remove the box."
    )


def _normalised(shown: str, _box: list[float], size: list[float]) -> str:
    return (
        f"box {shown} lies within one pixel of an image of {size[0]:.0f} × {size[1]:.0f}, so that "
        "it seems to be in fractions; expected pixels; multiply it by width and height."
    )


def _zero_area(shown: str, _box: list[float], _size: list[float]) -> str:
    return f"box {shown} has no area; expected x1 < x2 and y1 < y2; mend or remove it."


def _outside(shown: str, box: list[float], size: list[float]) -> str:
    return (
        f"box {shown} lies outside its image of {size[0]:.0f} × {size[1]:.0f} pixels; expected "
        f"a box inside it; {_turned(box, size)}mend or remove it."
    )


def _clipped(shown: str, box: list[float], size: list[float]) -> str:
    return (
        f"box {shown} reaches out of its image of {size[0]:.0f} × {size[1]:.0f} pixels; expected "
        f"a box inside it; {_turned(box, size)}it is clipped."
    )


def _turned(box: list[float], size: list[float]) -> str:
    """A hint where a box would fit the image turned by a quarter."""
    if min(box[:2]) >= 0 and box[2] <= size[1] and box[3] <= size[0]:
        return "it would fit the image turned as EXIF says: draw it on the displayed one; "
    return ""

"""Tables without a header line in a layout that a known tool writes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from polyhead.formats.images.image_names import has_image_suffix

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_PART = re.compile(r"(?i)train(ing)?|valid(ation|ate)?|test|unassigned")

# p picture, n number, b number or blank, t text or blank, s part of a split
_LAYOUTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # keras-retinanet: a picture without a box has five empty cells
    ("pbbbbt", ("image", "x1", "y1", "x2", "y2", "label")),
    # makesense.ai
    (
        "tnnnnpnn",
        (
            *("label", "bbox_x", "bbox_y", "bbox_width", "bbox_height"),
            *("image", "image_width", "image_height"),
        ),
    ),
    # AutoML Vision: four corners, of which the second and the fourth may be empty
    (
        "sptbbbbbbbb",
        (
            *("split", "image", "label", "x_min", "y_min", "corner 2, x", "corner 2, y"),
            *("x_max", "y_max", "corner 4, x", "corner 4, y"),
        ),
    ),
)


def names_without_header(cells: Sequence[str]) -> list[str] | None:
    """The column names of a table whose first line is a row in a known layout; else None.

    >>> names_without_header(["a.jpg", "1", "2", "30", "40", "car"])[:3]
    ['image', 'x1', 'y1']
    """
    for layout, names in _LAYOUTS:
        if len(cells) == len(layout) and all(map(_is_a, layout, cells)):
            blank = [not cell for kind, cell in zip(layout, cells, strict=True) if kind == "b"]
            if all(blank) or not any(blank[:2]):
                return list(names)
    return None


def _is_a(kind: str, cell: str) -> bool:
    if kind == "p":
        return has_image_suffix(cell)
    if kind == "s":
        return _PART.fullmatch(cell) is not None
    if kind == "t":
        return not has_image_suffix(cell)
    return _NUMBER.fullmatch(cell) is not None or (kind == "b" and not cell)

"""Tables without a header line in a layout that a known tool writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from polyhead.formats.images.image_names import has_image_suffix
from polyhead.formats.recognise import HEAD_BYTES
from polyhead.table.split_spellings import part_of

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_SPLIT_NAME = re.compile(r"(?i)(?:^|[\W_])(?:partitions?|splits?|subsets?)(?:[\W_]|$)")
_PART = re.compile(r"(?i)train(ing)?|valid(ation|ate)?|test|unassigned")

# p image, n number, b number or blank, t text or blank, s part of a split
_LAYOUTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # keras-retinanet: an image without a box has five empty cells
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


def partition_names(path: Path, separator: str, first: Sequence[str]) -> list[str] | None:
    """The column names of a list of images and their parts without a header line; else None.

    As CelebA's `list_eval_partition.txt`. Words name parts; 0, 1 and 2 do so where the name of the
    file contains the word partition or split: else they may be classes.

    Args:
        path: The file.
        separator: Between cells.
        first: The cells of the first line.
    """
    if len(first) != 2 or not has_image_suffix(first[0]) or has_image_suffix(first[1]):
        return None
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    lines = head.decode("utf-8-sig", errors="replace").splitlines()
    if len(head) == HEAD_BYTES:  # the last line may be cut
        lines = lines[:-1]
    rows = [line.rsplit(separator, 1) for line in lines if line.strip()]
    cells = {row[-1].strip().strip('"') for row in rows}
    is_named = _SPLIT_NAME.search(path.stem) is not None
    parts = {part_of(cell) for cell in cells}
    if cells <= {"0", "1", "2"} and is_named:
        return ["image", "partition"]
    return ["image", "split"] if None not in parts and (is_named or len(parts) > 1) else None


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

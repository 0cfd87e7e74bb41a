"""COCO files whose `bbox` holds two corners in place of a corner and a size."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from polyhead.formats.faults import refusal
from polyhead.formats.long.box_formats import SLACK, displayed_size, fits
from polyhead.formats.object_lists import items_of, lengths_of
from polyhead.table import OBJECTS, Table, category_ids_of

_MOST_MEASURED = 2000
_MIN_BEYOND, _MIN_SHARE = 3, 1 / 3  # corners read as sizes leave the image unless upper left
_MIN_FITTING = 0.95
_FAR = 0.05  # of a side; less is sloppy clipping


def refuse_corners(table: Table) -> None:
    """Refuse boxes of which many reach far out of their images while all fit as two corners.

    Args:
        table: Of a COCO document, read as x_min, y_min, width, height.

    Raises:
        DataError: `E_BOX_FORMAT`.
    """
    field = table.data.schema.field(OBJECTS) if OBJECTS in table.columns else None
    if field is None or category_ids_of(field) is None:
        return
    cells = table.column(OBJECTS)
    rows, corners = np.repeat(np.arange(len(table)), lengths_of(cells)), _corners(cells)
    finite = np.isfinite(corners).all(axis=1)
    rows, corners = rows[finite], corners[finite]
    annotated = (
        np.zeros((len(table), 2)) if table.annotated_sizes is None else table.annotated_sizes
    )
    if annotated[rows].all() and not _num_beyond(corners, annotated[rows]):
        return
    # Annotated sizes may be wrong: measure the images before refusing the file.
    rows, corners, sizes = _measured(table, rows, corners, annotated)
    num_beyond = _num_beyond(corners, sizes)
    if num_beyond:
        raise refusal("E_BOX_FORMAT", table.source, _message(num_beyond, len(rows)))


def _num_beyond(corners: np.ndarray, sizes: np.ndarray) -> int:
    """How many boxes reach far out of the image, where that points to two corners; else 0.

    Args:
        corners: (M, 4) x_min, y_min, x_min + third number, y_min + fourth number.
        sizes: (M, 2) height and width of their images; 0 where unknown.
    """
    limits = np.where(sizes > 0, sizes, np.inf)[:, ::-1]
    num = int((corners[:, 2:] > limits * (1 + _FAR) + SLACK).any(axis=1).sum())
    if num < max(_MIN_BEYOND, _MIN_SHARE * len(corners)):
        return 0
    written = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    return num if fits(written, "xyxy", limits, SLACK).mean() >= _MIN_FITTING else 0


def _measured(
    table: Table, rows: np.ndarray, corners: np.ndarray, annotated: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The boxes of images spread over the table, and the sizes of those."""
    used = np.unique(rows)
    places = np.linspace(0, max(len(used) - 1, 0), min(_MOST_MEASURED, len(used)))
    chosen, sizes = used[places.astype(np.int64)], np.array(annotated)
    for row in chosen.tolist():
        found = displayed_size(table.path(row))
        if all(found):
            sizes[row] = found
    kept = np.isin(rows, chosen)
    return rows[kept], corners[kept], sizes[rows[kept]]


def _corners(cells: pa.ChunkedArray) -> np.ndarray:
    items = items_of(cells)
    sides = [
        np.concatenate(
            [
                np.zeros(0),
                *(chunk.field(name).to_numpy(zero_copy_only=False) for chunk in items.chunks),
            ]
        )
        for name in ("x_min", "y_min", "x_max", "y_max")
    ]
    return np.stack(sides, axis=1)


def _message(num_beyond: int, num: int) -> str:
    return (
        f"{num_beyond:,} of {num:,} boxes reach out of their images, and all fit as two corners: "
        "bbox seems to hold x_min, y_min, x_max, y_max; expected x_min, y_min, width, height, as "
        "COCO has them; set data.box_format: xyxy (`polyhead init` and `convert`: --set "
        "data.box_format=xyxy), or xywh if they are right."
    )

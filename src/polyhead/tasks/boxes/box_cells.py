"""Cells of a boxes task: objects of all rows in flat columns, in whole-column steps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.errors import ConfigError
from polyhead.table import (
    OBJECTS_TYPE,
    Table,
    category_ids_of,
    cell_kind,
    is_objects,
    labels_of,
    units_of,
)
from polyhead.tasks.labels import natural_order

IMAGE_ID = "image_id"
"""The column of a COCO file's image ids, as text."""
SIDES = ("x_min", "y_min", "x_max", "y_max")


@dataclass(frozen=True, eq=False)
class BoxCells:
    """The objects of one column.

    Attributes:
        known: (N,) bool, False where nobody annotated.
        rows: (M,) int64, row of each object.
        codes: (M,) int64, index of its label in `labels`; -1 where it has none.
        labels: Distinct labels as found, without spaces around them.
        boxes_xyxy: (M, 4) float64; NaN where a side is missing.
        crowd: (M,) bool.
        difficult: (M,) bool.
        areas: (M,) float64; NaN where none is annotated.
        segmentations: (M,) Arrow texts or nulls.
    """

    known: np.ndarray
    rows: np.ndarray
    codes: np.ndarray
    labels: list[str]
    boxes_xyxy: np.ndarray
    crowd: np.ndarray
    difficult: np.ndarray
    areas: np.ndarray
    segmentations: pa.Array

    def counts(self) -> dict[str, int]:
        """How many objects each label has."""
        numbers = np.bincount(self.codes[self.codes >= 0], minlength=len(self.labels))
        return dict(zip(self.labels, numbers.tolist(), strict=True))


def objects_column(table: Table, name: str) -> pa.ChunkedArray:
    """A column whose cells are lists of objects.

    Raises:
        ConfigError: There is no such column (names the nearest), or it holds something else.
    """
    column = table.column(name)
    if not is_objects(column.type):
        if _lists_nothing(column):
            raise ConfigError(
                f'{table.source} column "{name}" has no object in any row; a boxes task learns '
                "from labelled boxes: give some rows theirs, or leave the task out.",
                code="E_COLUMN",
            )
        others = [c for c in table.columns if is_objects(table.column(c).type)]
        shown = f"; columns of objects: {', '.join(others)}" if others else ""
        raise ConfigError(
            f'{table.source} column "{name}" holds {cell_kind(column.type)}; expected objects, '
            "lists of labelled boxes as COCO, VOC and YOLO have them, a table with a row a box "
            "(image, label, x_min, y_min, x_max, y_max), or cells such as "
            f'[{{"label": "car", "xyxy": [1, 2, 30, 40]}}]{shown}.',
            code="E_COLUMN",
        )
    return column


def _lists_nothing(column: pa.ChunkedArray) -> bool:
    """Whether all cells are null or empty lists, so that the type of their items is open."""
    known = column.drop_null()
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return not len(call_function("list_flatten", [known]))
    return not pa.types.is_nested(column.type) and set(known.unique().to_pylist()) <= {"[]"}


def choose_column(table: Table, declared: str | None, *likely: str) -> str:
    """The column a task reads: the declared one, else the first of the likely ones there is."""
    if declared:
        return declared
    return next((name for name in likely if name in table.columns), likely[0])


def read_objects(table: Table, name: str) -> BoxCells:
    """All objects of a column; raises as `objects_column`."""
    column = objects_column(table, name)
    cells = pa.chunked_array(column.chunks, OBJECTS_TYPE).combine_chunks()
    if isinstance(cells, pa.ChunkedArray):  # Arrow keeps an empty column chunked
        cells = pa.array([], OBJECTS_TYPE)
    flat = cells.flatten()
    codes, labels = _label_codes(flat.field("label"))
    sides = [_numbers(flat.field(side)) for side in SIDES]
    return BoxCells(
        known=cells.is_valid().to_numpy(zero_copy_only=False),
        rows=cells.value_parent_indices().to_numpy().astype(np.int64),
        codes=codes,
        labels=labels,
        boxes_xyxy=np.stack(sides, 1),
        crowd=_flags(flat.field("crowd")),
        difficult=_flags(flat.field("difficult")),
        areas=_numbers(flat.field("area")),
        segmentations=flat.field("segmentation"),
    )


def _label_codes(column: pa.Array) -> tuple[np.ndarray, list[str]]:
    """(M,) index of each label among the distinct stripped ones; -1 for null or blank."""
    encoded = column.dictionary_encode()
    texts = [text.strip() for text in encoded.dictionary.to_pylist()]
    labels = list(dict.fromkeys(text for text in texts if text))
    place = {label: i for i, label in enumerate(labels)}
    places = np.array([*(place.get(text, -1) for text in texts), -1], np.int64)
    return places[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)], labels


def _numbers(column: pa.Array) -> np.ndarray:
    return column.fill_null(np.nan).to_numpy(zero_copy_only=False)


def _flags(column: pa.Array) -> np.ndarray:
    return column.fill_null(False).to_numpy(zero_copy_only=False)


def is_fraction(table: Table, column: str) -> bool:
    """Whether the coordinates of a column are fractions of the image."""
    return units_of(table.data.schema.field(column)) == "fraction"


def object_classes(table: Table, column: str) -> tuple[str, ...]:
    """The labels of a column: the file's own order, then others as found."""
    found = read_objects(table, column).labels
    declared = [label.strip() for label in labels_of(table.data.schema.field(column))]
    return tuple(dict.fromkeys([*declared, *natural_order(set(found) - set(declared))]))


def category_numbers(table: Table, column: str, classes: tuple[str, ...]) -> np.ndarray:
    """(K,) int64: the annotation file's category ids, fresh ones for classes that it lacks."""
    field = table.data.schema.field(column)
    numbers = category_ids_of(field)
    if numbers is None:
        return np.arange(1, len(classes) + 1)
    own = dict(zip(labels_of(field), numbers, strict=True))
    fresh = count(max([0, *numbers]) + 1)
    return np.array([own[c] if c in own else next(fresh) for c in classes], np.int64)


def image_numbers(table: Table, column: str) -> np.ndarray:
    """(N,) int64: the COCO file's image ids where all are whole numbers, else the row + 1."""
    rows = np.arange(1, len(table) + 1)
    is_coco = category_ids_of(table.data.schema.field(column)) is not None
    if not is_coco or IMAGE_ID not in table.columns:
        return rows
    texts = table.data.column(IMAGE_ID).cast(pa.string()).to_pylist()
    if not all(text is None or (text.isascii() and text.isdigit()) for text in texts):
        return rows
    own = [int(text) for text in texts if text is not None]
    if len(set(own)) < len(own) or max(own, default=0) + len(rows) > np.iinfo(np.int64).max:
        return rows
    fresh = count(max(own, default=0) + 1)
    return np.array([next(fresh) if text is None else int(text) for text in texts], np.int64)

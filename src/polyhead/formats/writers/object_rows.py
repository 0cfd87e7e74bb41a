"""The objects of a table as arrays that any format of boxes can be written from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.errors import ConfigError
from polyhead.formats.faults import refusal
from polyhead.formats.object_lists import items_of, lengths_of, with_items
from polyhead.formats.writers.conversion_loss import ConversionLoss
from polyhead.table import (
    OBJECTS,
    OBJECTS_TYPE,
    Table,
    labels_column,
)
from polyhead.table.objects import (
    Units,
    category_ids_of,
    is_group,
    labels_of,
    supercategories_of,
    units_of,
)

SIDES = ("x_min", "y_min", "x_max", "y_max")


@dataclass(frozen=True)
class ObjectFormat:
    """The units, keys and image links of an output format of boxes.

    Attributes:
        units: Of its coordinates.
        keeps: The keys of objects and labels that it keeps, besides label and box.
        links_images: Whether it wants its images in a folder of its own.
    """

    units: Units
    keeps: frozenset[str] = field(default=frozenset())
    links_images: bool = field(default=False)


@dataclass(frozen=True)
class ObjectRows:
    """N images that were annotated for all labels, with their M objects.

    Attributes:
        column: The column that they come from.
        rows: (N,) row of each image in the table.
        labels: K labels in the order of the table.
        category_ids: K ids, or None where the table has none.
        lengths: (N,) objects of each image.
        label_of: (M,) index into `labels`.
        boxes_xyxy: (M, 4) float64, in the units of the target.
        values: `crowd`, `difficult`, `area` and `segmentation` of M objects; null as None.
        supercategories: Label to its supercategory as written.
    """

    column: str
    rows: np.ndarray
    labels: list[str]
    category_ids: list[int] | None
    lengths: np.ndarray
    label_of: np.ndarray
    boxes_xyxy: np.ndarray
    values: dict[str, list[Any]]
    supercategories: dict[str, str]

    def slices(self) -> Iterator[tuple[int, slice]]:
        """Row in the table and objects of each image."""
        ends = np.cumsum(self.lengths).tolist()
        for row, start, end in zip(self.rows.tolist(), [0, *ends], ends, strict=False):
            yield row, slice(start, end)


def objects_column(table: Table) -> str:
    """The column of objects: `objects`, else the first.

    Raises:
        ConfigError: `E_COLUMN`: there is none.
    """
    found = [name for name in table.columns if table.column(name).type == OBJECTS_TYPE]
    if not found:
        message = (
            f"{table.source} has no column of objects (its columns: "
            f"{', '.join(table.columns[:20]) or 'none'}); expected boxes; "
            "write --to csv or parquet."
        )
        raise ConfigError(message, code="E_COLUMN")
    return OBJECTS if OBJECTS in found else found[0]


def take_objects(
    table: Table, target: ObjectFormat, sizes: np.ndarray, there: np.ndarray
) -> tuple[ObjectRows, list[ConversionLoss]]:
    """The objects that a format can hold, and what it loses of them.

    Images that were not annotated, or for some labels only, are left out: written without
    their objects, they would say that there are none.

    Args:
        table: The annotations.
        target: What the format holds.
        sizes: (N, 2) int32 height and width of the displayed images; 0 where unknown.
        there: (N,) bool, whether the image's file exists.

    Raises:
        ConfigError: `E_COLUMN`: there are no objects.
        DataError: `E_EMPTY_TABLE`: no image could be written.
    """
    name = objects_column(table)
    data_field = table.data.schema.field(name)
    kept, losses = _images(table, name, target, sizes, there)
    if not kept.any():
        mend = "" if there.any() else "; name their folder with --images"
        message = f"no image can be written: {', '.join(map(str, losses))}{mend}."
        raise refusal("E_EMPTY_TABLE", table.source, message)
    rows = np.flatnonzero(kept)
    column, broken = _whole_objects(table.column(name).take(pa.array(rows)))
    items, lengths = items_of(column), lengths_of(column)
    names = _values(items, "label")
    labels = list(dict.fromkeys([*labels_of(data_field), *names]))
    index_of = {label: index for index, label in enumerate(labels)}
    factors = _factors(target, units_of(data_field), sizes[rows], lengths)
    boxes = np.stack([_field(items, side).to_numpy() for side in SIDES], axis=1)
    values = {key: _values(items, key) for key in ("crowd", "difficult", "area", "segmentation")}
    values["segmentation"] = _scaled(values["segmentation"], factors)
    ids = category_ids_of(data_field)
    found = ObjectRows(
        name,
        rows,
        labels,
        ids if ids is not None and len(ids) == len(labels) else None,
        lengths,
        np.array([index_of[label] for label in names], np.int64),
        boxes if factors is None else boxes * factors,
        values,
        supercategories_of(data_field),
    )
    return found, [*losses, *broken, *_lost_values(found, target)]


def _images(
    table: Table, name: str, target: ObjectFormat, sizes: np.ndarray, there: np.ndarray
) -> tuple[np.ndarray, list[ConversionLoss]]:
    """(N,) bool, whose objects can be written; and why the others cannot."""
    known = table.column(name).is_valid().to_numpy()
    whole = known & _annotated_for_all(table, name)
    units = units_of(table.data.schema.field(name))
    sized = (sizes > 0).all(axis=1) | (units == target.units)
    found = there | (not target.links_images)
    reasons = (
        (~known, "whose objects are unknown"),
        (known & ~whole, "annotated for some labels only"),
        (whole & ~found, "whose file is not there"),
        (whole & found & ~sized, "whose size cannot be read"),
    )
    losses = [ConversionLoss("image", int(lost.sum()), why) for lost, why in reasons if lost.any()]
    return whole & found & sized, losses


def _annotated_for_all(table: Table, name: str) -> np.ndarray:
    sibling = labels_column(name)
    if sibling not in table.data.column_names:
        return np.ones(len(table), bool)
    labels = set(labels_of(table.data.schema.field(name)))
    cells = table.column(sibling).to_pylist()
    return np.array([cell is None or labels <= set(cell) for cell in cells], bool)


def _whole_objects(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, list[ConversionLoss]]:
    """Only objects that have a label and a box of finite numbers."""
    items = items_of(column)
    labels = _field(items, "label").fill_null("")
    named = call_function("not_equal", [call_function("utf8_trim_whitespace", [labels]), ""])
    named = named.to_numpy()
    numbers = [_field(items, side).fill_null(np.nan).to_numpy() for side in SIDES]
    finite = np.isfinite(numbers).all(axis=0)
    losses = [
        ConversionLoss("object", int(lost.sum()), why)
        for lost, why in (
            (~named, "without a label"),
            (named & ~finite, "with a coordinate that is no finite number"),
        )
        if lost.any()
    ]
    return (with_items(column, named & finite) if losses else column), losses


def _lost_values(found: ObjectRows, target: ObjectFormat) -> list[ConversionLoss]:
    """The values that the format cannot hold."""
    nouns = {
        "crowd": "crowd flag",
        "difficult": "difficult flag",
        "area": "area",
        "segmentation": "segmentation",
    }
    counts = {
        nouns[key]: sum(value is not None and value is not False for value in values)
        for key, values in found.values.items()
        if key not in target.keeps
    }
    if "category_ids" not in target.keeps:
        counts["category id"] = len(found.category_ids or ())
    if "supercategories" not in target.keeps:
        counts["supercategory"] = sum(is_group(*item) for item in found.supercategories.items())
    return [ConversionLoss(noun, num) for noun, num in counts.items() if num]


def _factors(
    target: ObjectFormat, units: Units, sizes: np.ndarray, lengths: np.ndarray
) -> np.ndarray | None:
    """(M, 4) that turn boxes into the target's units; None where they are in those already."""
    if units == target.units:
        return None
    sides = np.repeat(sizes[:, [1, 0, 1, 0]].astype(np.float64), lengths, axis=0)
    return sides if target.units == "pixels" else 1 / sides


def _scaled(segmentations: list[str | None], factors: np.ndarray | None) -> list[str | None]:
    """Polygons in the units of their boxes; run lengths stay."""
    if factors is None:
        return segmentations
    return [
        text and _scaled_one(text, across, down)
        for text, (across, down) in zip(segmentations, factors[:, :2].tolist(), strict=True)
    ]


def _scaled_one(text: str, across: float, down: float) -> str:
    outline = json.loads(text)
    if not isinstance(outline, list):
        return text
    return json.dumps(
        [[v * (down if k % 2 else across) for k, v in enumerate(part)] for part in outline]
    )


def _field(items: pa.ChunkedArray, key: str) -> pa.ChunkedArray:
    kind = items.type.field(key).type
    return pa.chunked_array([chunk.field(key) for chunk in items.chunks], kind)


def _values(items: pa.ChunkedArray, key: str) -> list[Any]:
    return _field(items, key).to_pylist()

"""The objects of an image as one cell of a table: labelled boxes, perhaps with outlines.

A null cell means that nobody annotated boxes there; an empty list means that there are none. What a
file defines once for all its rows is in the metadata of the column's field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal

import pyarrow as pa

from polyhead.table.cell_words import is_unknown_word
from polyhead.table.object_spellings import BoxFormat, find_fields, has_box
from polyhead.table.object_values import object_values

OBJECTS = "objects"
"""What readers call the column of objects."""

OBJECTS_TYPE = pa.list_(
    pa.struct(
        {
            "label": pa.string(),
            "x_min": pa.float64(),
            "y_min": pa.float64(),
            "x_max": pa.float64(),
            "y_max": pa.float64(),
            "crowd": pa.bool_(),
            "difficult": pa.bool_(),
            "area": pa.float64(),
            "segmentation": pa.string(),
        }
    )
)
"""One image's objects; `segmentation` is JSON text: COCO's polygons, or RLE."""

Units = Literal["pixels", "fraction"]

_LABELS = b"polyhead.labels"
_CATEGORY_IDS = b"polyhead.category_ids"
_UNITS = b"polyhead.units"
_SUPERCATEGORIES = b"polyhead.supercategories"


def objects_field(
    name: str,
    labels: Sequence[str],
    category_ids: Sequence[int] | None = None,
    units: Units = "pixels",
    supercategories: Mapping[str, str] | None = None,
) -> pa.Field:
    """The field of a column of objects.

    Args:
        name: Of the column.
        labels: K category names in the file's order, also those without an object.
        category_ids: K ids of the file, in the same order, where it has ids.
        units: Of the coordinates: pixels of the displayed image, or fractions of its sides.
        supercategories: Label to the group that it is in, as written.
    """
    metadata = {_LABELS: _json(list(labels)), _UNITS: units.encode()}
    if category_ids is not None:
        metadata[_CATEGORY_IDS] = _json(list(category_ids))
    if supercategories:
        metadata[_SUPERCATEGORIES] = _json(dict(supercategories))
    return pa.field(name, OBJECTS_TYPE, metadata=metadata)


def labels_of(field: pa.Field) -> list[str]:
    """The category names in the file's order; none where the field has none."""
    return json.loads((field.metadata or {}).get(_LABELS, b"[]"))


def category_ids_of(field: pa.Field) -> list[int] | None:
    """The file's category ids, one a label, or None where it has none."""
    found = (field.metadata or {}).get(_CATEGORY_IDS)
    return None if found is None else json.loads(found)


def units_of(field: pa.Field) -> Units:
    """The unit of the coordinates; pixels where the field has none."""
    found = (field.metadata or {}).get(_UNITS)
    return "fraction" if found == b"fraction" else "pixels"


def supercategories_of(field: pa.Field) -> dict[str, str]:
    """Label to its supercategory as written, also where that is blank or the label itself."""
    return json.loads((field.metadata or {}).get(_SUPERCATEGORIES, b"{}"))


def groups_of(field: pa.Field) -> dict[str, str]:
    """Label to the supercategory that it is in; without labels whose supercategory is empty."""
    written = supercategories_of(field)
    return {label: text.strip() for label, text in written.items() if is_group(label, text)}


def is_group(label: str, supercategory: str) -> bool:
    """Whether a supercategory names a group, and not nothing or the label itself.

    >>> [is_group("person", text) for text in ("", "none", "person", "N/A", "living")]
    [False, False, False, False, True]
    """
    text = supercategory.strip()
    is_nothing = text.casefold() in ("", "none", "null", "undefined", label.strip().casefold())
    return not is_nothing and not is_unknown_word(text)


def is_objects(kind: pa.DataType) -> bool:
    """Whether a column of this type holds objects: lists of structs with a box in any spelling.

    A struct of parallel lists (`{"xyxy": [[…], …], "label": […]}`) is one too.
    """
    return kind == OBJECTS_TYPE or has_box(find_fields(kind))


def canonical_objects(
    column: pa.ChunkedArray, box_format: BoxFormat | None = None
) -> pa.ChunkedArray:
    """Turn nested objects in a user's spelling into `OBJECTS_TYPE`.

    The label is under `label`, `class`, `category` or `name`; the box under `box` or `xyxy`
    (x_min, y_min, x_max, y_max), under `xywh` (x_min, y_min, width, height), or as four numbers
    `x_min`…, `xmin`…, `x0`…, `x1`… or `left`…. Optional are `crowd` (or `iscrowd`), `difficult`,
    `area` and `segmentation`. A missing number is NaN, a missing flag false; numbers are kept as
    they are, also where they make no box.

    Args:
        column: N cells for which `is_objects` holds.
        box_format: What a box is whose key (`bbox`) leaves it open.

    Raises:
        DataError: `E_OBJECTS`: no label key, a box in a spelling that can mean two things, a list
            that is no box, or a null among the objects; `faults[0].row` is the row, if one.
    """
    if column.type == OBJECTS_TYPE:
        return column
    values = object_values(column, box_format)
    structs = pa.StructArray.from_arrays(
        [values.columns[field.name] for field in OBJECTS_TYPE.value_type],
        fields=list(OBJECTS_TYPE.value_type),
    )
    cells = pa.ListArray.from_arrays(values.offsets, structs, type=OBJECTS_TYPE, mask=values.mask)
    return pa.chunked_array([cells], OBJECTS_TYPE)


def _json(value: list[str] | list[int] | dict[str, str]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()

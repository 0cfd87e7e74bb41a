"""Read nested objects in a user's spelling, column by column."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.errors import DataError, Fault
from polyhead.table.cell_kinds import cell_kind
from polyhead.table.object_spellings import (
    AMBIGUOUS_KEYS,
    CORNER_KEYS,
    LABEL_KEYS,
    OPTIONAL_KEYS,
    SIZE_KEYS,
    BoxFormat,
    four_keys,
    is_any_list,
    to_corners,
)

_CORNERS = ("x_min", "y_min", "x_max", "y_max")
_SHOWN_WHERE = "objects"


@dataclass(frozen=True)
class ObjectValues:
    """The M objects of N cells, one after the other.

    Attributes:
        offsets: (N + 1,) int32: the objects of cell i are `offsets[i]` to `offsets[i + 1]`.
        mask: (N,) bool, true where the cell is null.
        columns: Key of an object to its M values.
    """

    offsets: pa.Array
    mask: pa.Array
    columns: dict[str, pa.Array]

    def row(self, position: int) -> int:
        """The cell that an object belongs to."""
        return int(np.searchsorted(self.offsets.to_numpy(), position, side="right")) - 1


def object_values(column: pa.ChunkedArray, box_format: BoxFormat | None = None) -> ObjectValues:
    """The canonical values of a column of objects.

    Args:
        column: N cells.
        box_format: What a box is whose key leaves it open.

    Raises:
        DataError: `E_OBJECTS`.
    """
    found = _explode(column.combine_chunks())
    label = _only(LABEL_KEYS, found)
    if label is None:
        raise _refuse(
            f"the objects have the keys {', '.join(found.columns)}; expected the label under one "
            f"of {', '.join(LABEL_KEYS)}; rename the key."
        )
    try:
        columns = {
            "label": found.columns[label].cast(pa.string()),
            **_corners(found, box_format),
            **_flags(found),
            "area": _optional("area", found, pa.float64()),
            "segmentation": _segmentation(found),
        }
    except pa.ArrowException as error:
        raise _refuse(f"a value is of the wrong kind ({error}); expected numbers.") from error
    return ObjectValues(found.offsets, found.mask, columns)


def _explode(cells: pa.Array | pa.ChunkedArray) -> ObjectValues:
    """The keys as they are spelled, each with all objects of all cells."""
    if isinstance(cells, pa.ChunkedArray):  # what combining no chunks at all gives
        cells = pa.concat_arrays(cells.chunks)
    if pa.types.is_struct(cells.type):
        return _explode_struct(cells)
    mask, offsets = cells.is_null(), _offsets(cells)
    items = call_function("list_flatten", [cells])
    values = ObjectValues(offsets, mask, {})
    if items.null_count:
        row = values.row(int(np.argmax(items.is_null().to_numpy(zero_copy_only=False))))
        raise _refuse("a null is among the objects; expected objects; remove it.", row)
    # flatten() rather than field(): it hands down the nulls and the slice of the structs.
    names = [field.name for field in items.type]
    return ObjectValues(offsets, mask, dict(zip(names, items.flatten(), strict=True)))


def _explode_struct(cells: pa.Array) -> ObjectValues:
    names = [field.name for field in cells.type]
    lists = dict(zip(names, cells.flatten(), strict=True))
    # A key that is nowhere filled is as good as absent, unless all are: then all is unknown.
    known = {name: part for name, part in lists.items() if part.null_count < len(part)} or lists
    counts = {name: _offsets(part).to_numpy() for name, part in known.items()}
    first, offsets = next(iter(counts.items()), ("", np.zeros(len(cells) + 1, np.int32)))
    for name, other in counts.items():
        if not np.array_equal(other, offsets):
            row = int(np.argmax(np.diff(other) != np.diff(offsets)))
            message = f'the lists "{first}" and "{name}" differ in length; expected one an object.'
            raise _refuse(message, row)
    columns = {name: call_function("list_flatten", [part]) for name, part in known.items()}
    unknown = np.ones(len(cells), bool)
    for part in known.values():
        unknown &= part.is_null().to_numpy(zero_copy_only=False)
    return ObjectValues(pa.array(offsets, pa.int32()), pa.array(unknown), columns)


def _offsets(cells: pa.Array) -> pa.Array:
    lengths = call_function("list_value_length", [cells]).fill_null(0).to_numpy()
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())


def _corners(found: ObjectValues, box_format: BoxFormat | None) -> dict[str, pa.Array]:
    """x_min, y_min, x_max and y_max, whichever way the box is written."""
    corners, sizes = _only(CORNER_KEYS, found), _only(SIZE_KEYS, found)
    either = _only(AMBIGUOUS_KEYS, found)
    four = four_keys(found.columns)
    if four is not None:
        values = np.stack([_numbers(found.columns[key]) for key in four], axis=1)
    elif corners is not None:
        values = _quads(corners, found)
    elif sizes is not None:
        values = to_corners(_quads(sizes, found), "xywh")
    elif either is not None and box_format is not None:
        values = to_corners(_quads(either, found), box_format)
    else:
        raise _refuse(_ambiguity(either, found))
    return {name: pa.array(values[:, k], pa.float64()) for k, name in enumerate(_CORNERS)}


def _ambiguity(spelled: str | None, found: ObjectValues) -> str:
    if spelled is None:
        return f"the objects have the keys {', '.join(found.columns)}; expected a box under xyxy."
    return (
        f'"{spelled}" may mean two corners or, as in COCO, a corner and a size; rename the key: '
        'to "xyxy" for x_min, y_min, x_max, y_max or to "xywh" for x_min, y_min, width, height; or '
        "set data.box_format to xyxy or xywh (`polyhead init` and `convert`: --set "
        "data.box_format=xywh)."
    )


def _quads(key: str, found: ObjectValues) -> np.ndarray:
    """(M, 4) float64 of lists of four numbers."""
    boxes = found.columns[key]
    if not is_any_list(boxes.type):
        raise _refuse(f'"{key}" holds {cell_kind(boxes.type)}; expected lists of four numbers.')
    lengths = call_function("list_value_length", [boxes]).fill_null(0).to_numpy()
    wrong = np.flatnonzero(lengths != 4)
    if len(wrong):
        message = f'"{key}" holds {lengths[wrong[0]]} numbers; expected four.'
        raise _refuse(message, found.row(int(wrong[0])))
    return _numbers(call_function("list_flatten", [boxes])).reshape(-1, 4)


def _numbers(values: pa.Array) -> np.ndarray:
    """float64; null becomes NaN, which the check of the boxes reports with its row."""
    filled = values.cast(pa.float64()).fill_null(float("nan"))
    return filled.to_numpy(zero_copy_only=False).copy()


def _flags(found: ObjectValues) -> dict[str, pa.Array]:
    return {
        name: _optional(name, found, pa.bool_()).fill_null(False) for name in ("crowd", "difficult")
    }


def _optional(name: str, found: ObjectValues, kind: pa.DataType) -> pa.Array:
    key = _only(OPTIONAL_KEYS[name], found)
    count = found.offsets[-1].as_py()
    return pa.nulls(count, kind) if key is None else found.columns[key].cast(kind)


def _segmentation(found: ObjectValues) -> pa.Array:
    key = _only(OPTIONAL_KEYS["segmentation"], found)
    if key is None or not pa.types.is_nested(found.columns[key].type):
        return _optional("segmentation", found, pa.string())
    values = found.columns[key].to_pylist()
    return pa.array([None if v is None else json.dumps(v) for v in values], pa.string())


def _only(keys: Sequence[str], found: ObjectValues) -> str | None:
    """The one of some keys that the objects have, or None.

    Raises:
        DataError: They have two: it is unclear which of them counts.
    """
    present = [key for key in keys if key in found.columns]
    if len(present) > 1:
        message = f'the objects have both "{present[0]}" and "{present[1]}"; keep one of the two.'
        raise _refuse(message)
    return present[0] if present else None


def _refuse(message: str, row: int | None = None) -> DataError:
    fault = Fault("E_OBJECTS", _SHOWN_WHERE, message, row)
    return DataError(str(fault), [fault])

"""Columns of objects in a user's spelling, as parquet and JSON lines hold them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.errors import DataError, Fault
from polyhead.formats.faults import refusal, row_faults
from polyhead.table import (
    OBJECTS_TYPE,
    Table,
    canonical_objects,
    is_objects,
    labels_of,
    objects_field,
    supercategories_of,
    units_of,
    unread_keys,
)
from polyhead.table.object_spellings import BoxFormat


def with_objects(table: Table, box_format: BoxFormat | None = None) -> Table:
    """Make each column of objects canonical and name its labels, sorted where no file does.

    Args:
        table: As read.
        box_format: What a box is whose key leaves it open.

    Returns:
        The table, with `E_LABEL_MISSING` for each row that has an object without a label, and
        `N_OBJECT_KEYS` for keys that nothing reads.

    Raises:
        DataError: `E_OBJECTS`: a spelling that cannot be read; names column, row and mend.
    """
    for name in table.columns:
        field = table.data.schema.field(name)
        if is_objects(field.type):
            table = _with_column(table, field, box_format)
    return table


def _with_column(table: Table, field: pa.Field, box_format: BoxFormat | None) -> Table:
    cells = _canonical(table, field.name, box_format)
    labels = _labels(cells)
    unnamed = row_faults(table, "E_LABEL_MISSING", _rows_without(cells, labels), _lacks_label)
    faults = (*unnamed, *_unread(table, field))
    if not labels_of(field):
        names = sorted(name for name in labels.unique().to_pylist() if name)
        field = objects_field(field.name, names, None, units_of(field), supercategories_of(field))
    index = table.data.schema.get_field_index(field.name)
    data = table.data.set_column(index, field.with_type(OBJECTS_TYPE), cells)
    return replace(table, data=data, faults=(*table.faults, *faults))


def _canonical(table: Table, name: str, box_format: BoxFormat | None) -> pa.ChunkedArray:
    try:
        return canonical_objects(table.data.column(name), box_format)
    except DataError as error:
        fault = error.faults[0]
        where = table.source if fault.row is None else table.where(fault.row)
        raise refusal(fault.code, where, f'column "{name}": {fault.message}') from error


def _labels(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    structs = call_function("list_flatten", [cells])
    parts = [chunk.field("label") for chunk in structs.chunks]
    return pa.chunked_array(parts, pa.string())


def _rows_without(cells: pa.ChunkedArray, labels: pa.ChunkedArray) -> np.ndarray:
    blank = call_function("equal", [call_function("utf8_trim_whitespace", [labels]), ""])
    wrong = blank.fill_null(True).to_numpy()
    lengths = call_function("list_value_length", [cells]).fill_null(0).to_numpy()
    return np.unique(np.repeat(np.arange(len(lengths)), lengths)[wrong])


def _lacks_label(_row: int) -> str:
    return "an object has no label; name what it is, or remove the object."


def _unread(table: Table, field: pa.Field) -> list[Fault]:
    """A note on keys that are not read, so that they do not vanish unseen."""
    keys = unread_keys(field.type)
    if not keys:
        return []
    message = f'keys of the objects in column "{field.name}" that are not read: {", ".join(keys)}.'
    return [Fault("N_OBJECT_KEYS", table.source, message)]

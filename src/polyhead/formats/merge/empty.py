"""Columns of which a file holds nothing but empty lists, and another file objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.formats.merge.vocabulary import unite_fields
from polyhead.table import Table
from polyhead.table.label_text import LABEL_LISTS
from polyhead.table.objects import OBJECTS_TYPE


def with_empty_objects(tables: Sequence[Table]) -> list[Table]:
    """Read lists that are all empty as lists of objects where another file has objects.

    An empty list has no type. It means that there is none, of any label.
    """
    filled = list(tables)
    for name in dict.fromkeys(name for table in tables for name in table.columns):
        holders = [table for table in tables if _is(table, name, OBJECTS_TYPE)]
        if not holders:
            continue
        fields = [table.data.schema.field(name) for table in holders]
        united, _ = unite_fields(fields, [table.source for table in holders])
        for place, table in enumerate(filled):
            if _is(table, name, LABEL_LISTS) and _are_empty(table.column(name)):
                filled[place] = _with_objects(table, united)
    return filled


def _is(table: Table, name: str, kind: pa.DataType) -> bool:
    return name in table.data.column_names and table.column(name).type == kind


def _are_empty(column: pa.ChunkedArray) -> bool:
    return not len(call_function("list_flatten", [column]))


def _with_objects(table: Table, field: pa.Field) -> Table:
    column = table.column(field.name)
    offsets = pa.array(np.zeros(len(column) + 1, np.int32))
    nothing = pa.array([], OBJECTS_TYPE.value_type)
    is_unknown = call_function("is_null", [column]).combine_chunks()
    cells = pa.ListArray.from_arrays(offsets, nothing, type=OBJECTS_TYPE, mask=is_unknown)
    place = table.data.column_names.index(field.name)
    return replace(table, data=table.data.set_column(place, field, cells))

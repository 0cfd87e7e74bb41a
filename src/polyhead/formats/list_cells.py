"""Faults inside list cells."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.errors import Fault
from polyhead.formats.faults import row_faults
from polyhead.table import Table


def null_items(table: Table) -> list[Fault]:
    """`E_CELL` for each row with a null inside a list of labels: null means nothing there."""
    return [
        fault
        for name in table.columns
        if table.data.schema.field(name).type == pa.list_(pa.string())
        for fault in _null_items(table, name)
    ]


def _null_items(table: Table, name: str) -> list[Fault]:
    column = table.data.column(name)
    items_null = call_function("list_flatten", [column]).is_null().to_numpy()
    lengths = call_function("list_value_length", [column]).fill_null(0).to_numpy()
    rows = np.unique(np.repeat(np.arange(len(lengths)), lengths)[items_null])
    message = (
        f'the list in column "{name}" holds null; expected labels; remove it, or write null '
        "instead of the whole list where it is unknown."
    )
    return row_faults(table, "E_CELL", rows, lambda _: message)

"""Blank parts of spreadsheets: columns without a name, rows without content."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.formats.faults import refusal
from polyhead.formats.raw_table import RawTable


def without_blanks(raw: RawTable, source: str, num_named: int) -> RawTable:
    """Leave out the columns that have no name, and rows whose every cell is blank.

    Args:
        raw: As read; the last columns may be nameless. Rows with faults come last, and stay.
        source: File name, for messages.
        num_named: Columns with a name, which come first.

    Raises:
        DataError: `E_HEADER`, a column without name holds something.
    """
    for position in range(num_named, raw.data.num_columns):
        _refuse_content(raw, source, position)
    data = raw.data.select(range(num_named))
    is_blank = _blank_rows(data)
    is_blank[[fault.row for fault in raw.faults if fault.row is not None]] = False
    num_blank = int(is_blank.sum())
    if not num_blank:
        return replace(raw, data=data)
    faults = [
        fault if fault.row is None else replace(fault, row=fault.row - num_blank)
        for fault in raw.faults
    ]
    kept = data.filter(pa.array(~is_blank))
    return replace(raw, data=kept, lines=raw.lines[~is_blank], faults=tuple(faults))


def _refuse_content(raw: RawTable, source: str, position: int) -> None:
    column = raw.data.column(position)
    if column.null_count == len(column):
        return
    row = int(np.argmax(call_function("is_valid", [column]).to_numpy()))
    message = (
        f'column {position + 1} has no name in the header, but this row holds "{column[row]}" '
        "there; name the column, or empty it."
    )
    raise refusal("E_HEADER", f"{source}:{raw.lines[row]}", message)


def _blank_rows(data: pa.Table) -> np.ndarray:
    """(N,) bool: rows in which no cell is known."""
    is_blank = np.ones(len(data), bool)
    for column in data.columns:
        if not is_blank.any():
            break
        is_blank &= call_function("is_null", [column]).to_numpy()
    return is_blank

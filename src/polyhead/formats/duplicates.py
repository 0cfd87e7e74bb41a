"""Rows that name the same image."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.errors import Fault
from polyhead.formats.faults import row_faults
from polyhead.table import IMAGE, Table


def duplicate_rows(table: Table) -> list[Fault]:
    """A fault for each row that names the image of an earlier row.

    Returns:
        `E_DUPLICATE_ROW` where the two rows differ in a cell, `W_DUPLICATE_ROW` where they do not.
        Rows without a name are left out.
    """
    rows, firsts = _repeated(table.data.column(IMAGE))
    if not len(rows):
        return []
    first_of = dict(zip(rows.tolist(), firsts.tolist(), strict=True))
    differs = _first_difference(table, rows, firsts)
    conflict = differs >= 0
    column_of = dict(zip(rows.tolist(), differs.tolist(), strict=True))

    def conflicting(row: int) -> str:
        name = table.columns[column_of[row]]
        here, there = (_shown(table.data.column(name)[r].as_py()) for r in (row, first_of[row]))
        return (
            f"the same image as {_place(table, first_of[row])}, but {name} is {here} here and "
            f"{there} there; correct or remove the row that is wrong, or where an image has a row "
            "for each of its labels, set data.rows to label."
        )

    def identical(row: int) -> str:
        return f"the same as {_place(table, first_of[row])}; remove one of the two rows."

    return [
        *row_faults(table, "E_DUPLICATE_ROW", rows[conflict], conflicting),
        *row_faults(table, "W_DUPLICATE_ROW", rows[~conflict], identical),
    ]


def _repeated(names: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose name an earlier row has, and the first row with that name."""
    if len(names.unique()) == len(names):
        none = np.zeros(0, np.int64)
        return none, none
    codes = cell_numbers(names)
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    firsts = first[inverse]
    named = call_function("not_equal", [names, ""]).to_numpy()
    rows = np.flatnonzero((firsts != np.arange(len(names))) & named)
    return rows, firsts[rows]


def _first_difference(table: Table, rows: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """Index of the first annotation column in which two rows differ; -1 where none does."""
    differs = np.full(len(rows), -1)
    both = pa.array(np.concatenate([rows, firsts]))
    for index, name in reversed(list(enumerate(table.columns))):
        codes = cell_numbers(table.data.column(name).take(both))
        differs[codes[: len(rows)] != codes[len(rows) :]] = index
    return differs


def cell_numbers(cells: pa.ChunkedArray) -> np.ndarray:
    """A number a cell, the same for equal cells; null is a value of its own."""
    if pa.types.is_nested(cells.type):
        cells = pa.chunked_array(
            [pa.array([repr(cell) for cell in cells.to_pylist()], pa.string())]
        )
    elif pa.types.is_dictionary(cells.type):
        cells = cells.cast(pa.string())
    encoded = cells.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy()


def _place(table: Table, row: int) -> str:
    line = int(table.lines[row])
    return f"line {line}" if line else f"row {row + 1}"


def _shown(cell: object) -> str:
    text = "unknown" if cell is None else repr(cell)
    return text if len(text) <= 60 else f"{text[:60]}…"

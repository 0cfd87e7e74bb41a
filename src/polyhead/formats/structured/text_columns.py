"""Columns of text whose cells hold objects or choices, as CSV exports of JSON have them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow.compute import MatchSubstringOptions, call_function

from polyhead.formats.column_builder import is_text, narrow
from polyhead.formats.faults import row_faults
from polyhead.formats.jsonl.column_arrays import to_array
from polyhead.formats.structured.objects import holds_objects
from polyhead.formats.structured.records import (
    Choices,
    RecordColumns,
    annotated_sizes,
    check_width,
    flatten,
    unwrapped,
    with_single_choices,
)
from polyhead.table import Table
from polyhead.table.structured_text import looks_structured, parse_structured

# What a cell with an object in it begins with; lists of labels are read by those who want labels.
_OBJECT = r"^\s*\"?[\[(]*\s*(?:array\()?[\[(]*\s*\{"


@dataclass(frozen=True)
class _Cells:
    """The different cells of a column.

    Attributes:
        codes: (N,) index into the cells, -1 where unknown.
        values: Each of them parsed; plain text stays text.
        broken: Index to what is wrong with it.
    """

    codes: np.ndarray
    values: list[Any]
    broken: dict[int, str]


def with_structures(table: Table) -> Table:
    """Read the text columns that hold objects.

    `[{"x": …, "rectanglelabels": ["car"]}]` becomes boxes, `{"choices": ["a", "b"]}` labels, beside
    which a plain cell is one label, and `{"weather": "clear"}` a column `name.weather`.

    Returns:
        The table, with `E_CELL_STRUCTURE` for each cell of such a column that cannot be parsed,
        and what `ObjectReader` notes.
    """
    for name in table.columns:
        if is_text(table.column(name).type) and _hold_objects(table.column(name)):
            table = _with_column(table, name)
    return table


def _hold_objects(column: pa.ChunkedArray) -> bool:
    for chunk in column.chunks:
        texts = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        options = MatchSubstringOptions(_OBJECT)
        found = call_function("match_substring_regex", [texts], options)
        if call_function("any", [found]).as_py():
            return True
    return False


def _with_column(table: Table, name: str) -> Table:
    cells = _parse(table.column(name))
    counts = np.bincount(cells.codes[cells.codes >= 0], minlength=len(cells.values))
    rows_of = [
        (v, n)
        for k, (v, n) in enumerate(zip(cells.values, counts.tolist(), strict=True))
        if k not in cells.broken
    ]
    if any(isinstance(value, Choices) for value, _ in rows_of):
        return _replaced(table, name, cells, {name: cells.values})
    num_others = sum(rows for value, rows in rows_of if value != [])
    if sum(rows for value, rows in rows_of if holds_objects(value)) * 2 > num_others:
        return _objects(table, name, cells)
    if sum(rows for value, rows in rows_of if isinstance(value, dict)) * 2 > num_others:
        return _records(table, name, cells)
    return table


def _parse(column: pa.ChunkedArray) -> _Cells:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    array = encoded.unify_dictionaries().combine_chunks()
    codes = array.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    values, broken = list[Any](), dict[int, str]()
    for position, text in enumerate(array.dictionary.to_pylist()):
        value: Any = text.strip()
        if looks_structured(text):
            try:
                value = unwrapped(parse_structured(text))
            except ValueError as error:
                broken[position] = str(error)
        values.append(value)
    return _Cells(codes, values, broken)


def _objects(table: Table, name: str, cells: _Cells) -> Table:
    """A column of lists of objects; any other cell is at fault."""
    broken = dict(cells.broken)
    for position, value in enumerate(cells.values):
        if not isinstance(value, list) and position not in broken:
            broken[position] = "it is no list of objects, as the other cells of the column are"
    values = [None if k in broken else value for k, value in enumerate(cells.values)]
    return _replaced(table, name, replace(cells, broken=broken), {name: values})


def _records(table: Table, name: str, cells: _Cells) -> Table:
    """Objects, each with the same few keys."""
    broken = dict(cells.broken)
    records: list[dict[str, Any]] = []
    for position, value in enumerate(cells.values):
        if not isinstance(value, dict) and position not in broken:
            broken[position] = "it is no object, as the other cells of the column are"
        records.append(flatten({name: value}) if isinstance(value, dict) else {})
    names = dict.fromkeys(key for record in records for key in record if key != name)
    check_width(list(names), table.source)
    columns = {key: [record.get(key) for record in records] for key in names}
    return _replaced(table, name, replace(cells, broken=broken), columns)


def _replaced(table: Table, name: str, cells: _Cells, columns: dict[str, list[Any]]) -> Table:
    """The table with these columns in place of one; cells in the order of `cells.values`."""
    reader, arrays = RecordColumns(), dict[str, pa.Array | pa.ChunkedArray]()
    broken = dict(cells.broken)
    order = np.where(cells.codes < 0, len(cells.values), cells.codes)
    places = [*_first_rows(cells.codes, len(cells.values), table.lines), 0]
    times = np.bincount(order, minlength=len(places)).tolist()
    sizes = _sizes(table, columns, order)
    for key, values in columns.items():
        values = [None if k in broken else value for k, value in enumerate(values)]
        values = _readable(reader, key, values, broken, times)
        array = to_array(key, [*values, None], places, table.source).take(pa.array(order))
        arrays[key] = narrow(array) if pa.types.is_string(array.type) else array
    data = _with_columns(table.data, name, arrays)
    rows = np.flatnonzero(np.isin(cells.codes, list(broken)))
    faults = row_faults(table, "E_CELL_STRUCTURE", rows, lambda r: _about(name, broken, cells, r))
    faults = (*table.faults, *reader.notes(table.source), *faults)
    data = with_single_choices(data, reader.choices)
    return replace(table, data=data, faults=faults, annotated_sizes=sizes)


def _readable(
    reader: RecordColumns,
    name: str,
    values: list[Any],
    broken: dict[int, str],
    times: list[int],
) -> list[Any]:
    """The cells as columns take them; `broken` lists what could not be read, which is unknown."""
    while True:
        try:
            return reader.cells(name, values, times)
        except ValueError as error:
            message, position = error.args
            broken[position] = message
            values = [None if k == position else value for k, value in enumerate(values)]


def _with_columns(data: pa.Table, name: str, arrays: dict[str, Any]) -> pa.Table:
    position = data.column_names.index(name)
    data = data.remove_column(position)
    for offset, (key, array) in enumerate(arrays.items()):
        taken = key in data.column_names
        data = data.add_column(position + offset, f"{key} (cell)" if taken else key, array)
    return data


def _first_rows(codes: np.ndarray, count: int, lines: np.ndarray) -> list[int]:
    """The line of the first occurrence of each different cell."""
    first = np.zeros(count, np.int64)
    rows = np.flatnonzero(codes >= 0)[::-1]
    first[codes[rows]] = lines[rows]
    return first.tolist()


def _sizes(table: Table, columns: dict[str, list[Any]], order: np.ndarray) -> np.ndarray | None:
    if table.annotated_sizes is not None:
        return table.annotated_sizes
    count = int(order.max(initial=0)) + 1
    padded = {key: [*values, None][:count] for key, values in columns.items()}
    sizes = annotated_sizes(padded, count)
    return None if sizes is None else sizes[order]


def _about(name: str, broken: dict[int, str], cells: _Cells, row: int) -> str:
    return (
        f'the cell of column "{name}" looks like JSON or a list and cannot be read: '
        f"{broken[int(cells.codes[row])]}; mend the cell, or empty it where it is unknown."
    )

"""JSON lines: one object an image; its keys are the columns.

Text stays as it is and a number keeps the very characters it is written with (`1.50`, `NaN`);
`true` and `false` are text, `null` or a missing key is unknown. A list of such values is a
`list<string>` cell, objects inside an object become columns (`attributes.weather`), and lists of
objects become boxes or labels. Other lists of lists and objects are kept nested, with real numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from polyhead.formats.column_builder import ColumnBuilder
from polyhead.formats.faults import refusal
from polyhead.formats.jsonl.column_arrays import to_array
from polyhead.formats.jsonl.lines import JsonLine, read_lines
from polyhead.formats.raw_table import RawTable, check_column_names
from polyhead.formats.structured.records import (
    RecordColumns,
    annotated_sizes,
    check_width,
    flatten,
    with_single_choices,
)

_CHUNK_ROWS = 8192


def read(path: Path) -> RawTable:
    """Read one file.

    Raises:
        DataError: A line is no JSON object, or a column mixes kinds of cells; with the line.
    """
    return read_records(read_lines(path), path.name)


def read_records(records: Iterable[JsonLine], source: str) -> RawTable:
    """The table of some records.

    Args:
        records: One an image.
        source: File name, for messages.

    Raises:
        DataError: `E_CELL`, `E_HEADER`: keys or values that make no columns; with the line.
    """
    builder, columns = ColumnBuilder(), RecordColumns()
    numbers, names, sizes = list[int](), dict[str, None](), list[np.ndarray | None]()
    for chunk in _chunks(iter(records)):
        cells = _cells([_flat(line, source) for line in chunk])
        names |= dict.fromkeys(cells)
        check_width(list(names), source)
        lines = [line.number for line in chunk]
        sizes.append(annotated_sizes(cells, len(chunk)))
        arrays = {name: _array(name, cells[name], lines, source, columns) for name in cells}
        builder.add(arrays, len(chunk))
        numbers += lines
    check_column_names(list(names), source)
    try:
        data = with_single_choices(builder.finish(list(names)), columns.choices)
    except pa.ArrowException as error:
        message = f"a column holds other kinds of values further down ({error}); use one kind."
        raise refusal("E_CELL", source, message) from error
    stacked = _stacked(sizes, numbers)
    return RawTable(
        data, np.array(numbers, np.int32), columns.notes(source), annotated_sizes=stacked
    )


def _chunks(records: Iterator[JsonLine]) -> Iterator[list[JsonLine]]:
    while chunk := list(islice(records, _CHUNK_ROWS)):
        yield chunk


def _flat(line: JsonLine, source: str) -> dict[str, Any]:
    if not any(isinstance(value, dict) for value in line.cells.values()):
        return line.cells
    try:
        return flatten(line.cells)
    except ValueError as error:
        raise refusal("E_CELL", f"{source}:{line.number}", f"{error}.") from error


def _cells(records: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for record in records for name in record)
    return {name: [record.get(name) for record in records] for name in names}


def _array(
    name: str, values: list[Any], lines: list[int], source: str, columns: RecordColumns
) -> pa.Array:
    try:
        return to_array(name, columns.cells(name, values), lines, source)
    except ValueError as error:
        message, position = error.args
        where = f"{source}:{lines[position]}"
        raise refusal("E_OBJECTS", where, f'column "{name}": {message}.') from error


def _stacked(sizes: list[np.ndarray | None], numbers: list[int]) -> np.ndarray | None:
    if all(found is None for found in sizes):
        return None
    counts = np.diff([*range(0, len(numbers), _CHUNK_ROWS), len(numbers)])
    parts = [
        np.zeros((count, 2), np.int32) if found is None else found
        for found, count in zip(sizes, counts, strict=True)
    ]
    return np.concatenate(parts)

"""JSON lines: one object an image; its keys are the columns.

Text stays as it is and a number keeps the very characters it is written with (`1.50`, `NaN`);
`true` and `false` are text, `null` or a missing key is unknown. A list of such values is a
`list<string>` cell. Lists of lists and objects are kept nested, with real numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.formats.column_builder import ColumnBuilder
from polyhead.formats.faults import refusal
from polyhead.formats.jsonl.cells import to_array
from polyhead.formats.jsonl.lines import JsonLine, read_lines
from polyhead.formats.raw_table import RawTable, check_column_names
from polyhead.formats.recognise import read_text_head

KINDS = (".jsonl", ".ndjson")

_CHUNK_ROWS = 8192


def read(path: Path) -> RawTable:
    """Read one file.

    Raises:
        DataError: A line is no JSON object, or a column mixes kinds of cells; with the line.
    """
    _check_layout(path)
    builder, numbers, names = ColumnBuilder(), list[int](), dict[str, None]()
    for chunk in _chunks(path):
        names |= dict.fromkeys(name for line in chunk for name in line.cells)
        builder.add(_columns(path, chunk), len(chunk))
        numbers += [line.number for line in chunk]
    check_column_names(list(names), path.name)
    try:
        data = builder.finish(list(names))
    except pa.ArrowException as error:
        message = f"a column holds other kinds of values further down ({error}); use one kind."
        raise refusal("E_CELL", path.name, message) from error
    return RawTable(data, np.array(numbers, np.int32))


def _columns(path: Path, chunk: list[JsonLine]) -> dict[str, pa.Array]:
    names = dict.fromkeys(name for line in chunk for name in line.cells)
    numbers = [line.number for line in chunk]
    return {
        name: to_array(name, [line.cells.get(name) for line in chunk], numbers, path.name)
        for name in names
    }


def _chunks(path: Path) -> Iterator[list[JsonLine]]:
    chunk: list[JsonLine] = []
    for line in read_lines(path):
        chunk.append(line)
        if len(chunk) == _CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _check_layout(path: Path) -> None:
    head = read_text_head(path, "one JSON object a line").lstrip()
    if head.startswith(b"["):
        message = (
            "the file is one JSON list; expected one object a line; "
            f"convert it: jq -c '.[]' {path.name}"
        )
        raise refusal("E_NOT_TABLE", path.name, message)
    if head.splitlines()[0].strip() == b"{":
        message = (
            "an object is spread over several lines; expected one object a line; "
            f"convert it: jq -c . {path.name}"
        )
        raise refusal("E_NOT_TABLE", path.name, message)

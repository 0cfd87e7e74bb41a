"""CSV and TSV: a header line, then one row an image.

Separators comma, semicolon, tab and bar, inferred from the header, or spaces; UTF-8 with or without
a byte order mark, UTF-16 with one; LF or CRLF; quoted cells may hold separators and newlines. Every
cell stays text, exactly as written; blank means unknown. Blank lines, rows of blank cells and, at
the end, blank columns without a name, as spreadsheets write them, are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from polyhead.errors import DataError, Fault
from polyhead.formats.column_builder import ColumnBuilder
from polyhead.formats.csv.as_separated import as_separated
from polyhead.formats.csv.as_utf8 import as_utf8
from polyhead.formats.csv.blank_cells import without_blanks
from polyhead.formats.csv.header import Header, read_header
from polyhead.formats.csv.lines import RowLines, find_lines, walk_rows
from polyhead.formats.faults import refusal
from polyhead.formats.raw_table import RawTable
from polyhead.formats.recognise import not_utf8

KINDS = (".csv", ".tsv", ".txt")

# Also the longest row. Larger blocks cost memory and bring no speed.
_BLOCK_BYTES = 1 << 22
_CELLS = pa.dictionary(pa.int32(), pa.string())


def read(path: Path) -> RawTable:
    """Read one file.

    Raises:
        DataError: It is no such table; names what was found, and where.
    """
    with as_utf8(path) as plain, as_separated(plain) as table:
        return _read(table)


def _read(path: Path) -> RawTable:
    header = read_header(path)
    builder, has_ragged = ColumnBuilder(), set[bool]()
    try:
        for batch in _batches(path, header, has_ragged):
            cells = dict(zip(header.names, batch.columns, strict=True))
            builder.add(cells, batch.num_rows)
    except pa.ArrowInvalid as error:
        raise _explain(path, header, error) from error
    rows = find_lines(path, header, builder.num_rows, has_ragged=bool(has_ragged))
    faults = _add_ragged(path, header, builder, rows)
    lines = np.concatenate([rows.lines, np.array(rows.ragged_lines, np.int32)])
    raw = RawTable(builder.finish(header.names), lines, tuple(faults))
    return without_blanks(raw, path.name, header.num_named)


def _batches(path: Path, header: Header, ragged: set[bool]) -> Iterator[pa.RecordBatch]:
    """Parse block by block; `ragged` becomes non-empty when rows of a wrong length are skipped."""

    def skip(_row: object) -> str:
        ragged.add(True)
        return "skip"

    if header.offset >= path.stat().st_size:
        return
    with pa.OSFile(str(path)) as file:
        file.seek(header.offset)
        # Cells by position: Arrow would otherwise look names up, and "f0" is a fine name.
        names = [str(index) for index in range(len(header.names))]
        yield from pyarrow.csv.open_csv(
            file,
            read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK_BYTES, column_names=names),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=header.separator, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, _CELLS),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )


def _explain(path: Path, header: Header, error: pa.ArrowInvalid) -> DataError:
    """Why Arrow could not parse the file, with the line."""
    encoding = not_utf8(path)
    if encoding is not None:
        return encoding
    walk_rows(path, header)  # raises, naming the line, where a quote stays open
    limit = f"rows may take up to {_BLOCK_BYTES >> 20} MB; for longer ones use parquet"
    return refusal("E_CSV", path.name, f"the table cannot be parsed ({error}); {limit}.")


def _add_ragged(path: Path, header: Header, builder: ColumnBuilder, rows: RowLines) -> list[Fault]:
    """Append the rows of a wrong length, so that a check can count and drop them."""
    _refuse_wrong_header(path, header, builder, rows)
    expected, first = len(header.names), builder.num_rows
    if rows.ragged_cells:
        padded = [(cells + [None] * expected)[:expected] for cells in rows.ragged_cells]
        columns = [pa.array(column, pa.string()) for column in zip(*padded, strict=True)]
        builder.add(dict(zip(header.names, columns, strict=True)), len(padded))
    return [
        Fault("E_ROW_LENGTH", f"{path.name}:{line}", _wrong_length(len(cells), expected), row)
        for row, (line, cells) in enumerate(
            zip(rows.ragged_lines, rows.ragged_cells, strict=True), start=first
        )
    ]


def _wrong_length(found: int, expected: int) -> str:
    return (
        f"the row has {found} cells; expected {expected} as in the header; "
        "quote a cell that holds the separator, or add what is missing."
    )


def _refuse_wrong_header(
    path: Path, header: Header, builder: ColumnBuilder, rows: RowLines
) -> None:
    num_ragged = len(rows.ragged_cells)
    if num_ragged > builder.num_rows:
        message = (
            f"{num_ragged} of {num_ragged + builder.num_rows} rows do not have the header's "
            f"{len(header.names)} cells; this line, the first of them, has "
            f"{len(rows.ragged_cells[0])}; give the header one name a cell."
        )
        raise refusal("E_ROW_LENGTH", f"{path.name}:{rows.ragged_lines[0]}", message)

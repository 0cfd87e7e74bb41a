"""The line of each row of a CSV file, and which rows have the wrong number of cells.

Arrow parses the cells fast but does not say where a row stood. When every line is one row, which
numpy can count, that is all; only else does Python's slower csv module walk the file again.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from polyhead.errors import DataError
from polyhead.formats.csv.header import Header
from polyhead.formats.faults import refusal

_BLOCK_BYTES = 1 << 24
_NEWLINE, _RETURN = ord("\n"), ord("\r")
# Two cells fed after the last line: a quote left open makes one cell of them.
_END_MARK = ["\0end", "\0end"]


@dataclass
class RowLines:
    """The lines of a file's rows.

    Attributes:
        lines: First line of each row with as many cells as the header.
        ragged_lines: First line of each row with another number of cells.
        ragged_cells: The cells of those.
    """

    lines: np.ndarray
    ragged_lines: list[int] = field(default_factory=list)
    ragged_cells: list[list[str]] = field(default_factory=list)


def find_lines(path: Path, header: Header, num_rows: int, *, has_ragged: bool) -> RowLines:
    """Find the line of every row.

    Args:
        path: The file.
        header: Of the file.
        num_rows: Rows that Arrow found with the right number of cells.
        has_ragged: Whether it also found others.
    """
    if not has_ragged:
        lines = filled_lines(path, header)
        if lines is not None and len(lines) == num_rows:
            return RowLines(lines)
    rows = walk_rows(path, header)
    if len(rows.lines) != num_rows:
        message = (
            f"the quotes are ambiguous: {num_rows} or {len(rows.lines)} rows; "
            "write every cell that holds a quote as RFC 4180 says, with doubled quotes."
        )
        raise refusal("E_CSV", path.name, message)
    return rows


def filled_lines(path: Path, header: Header) -> np.ndarray | None:
    """Numbers of the lines after the header that are not blank; None for bare carriage returns."""
    numbers = []
    line, line_start, before = header.num_lines + 1, 0, _NEWLINE
    with path.open("rb") as file:
        file.seek(header.offset)
        position = 0
        while (block := np.frombuffer(file.read(_BLOCK_BYTES), np.uint8)).size:
            previous = np.concatenate([[np.uint8(before)], block[:-1]])
            if np.any((previous == _RETURN) & (block != _NEWLINE)):
                return None
            ends = np.flatnonzero(block == _NEWLINE)
            lengths = np.diff(ends + position, prepend=line_start - 1) - 1
            filled = lengths > (previous[ends] == _RETURN)
            numbers.append(np.flatnonzero(filled) + line)
            line += len(ends)
            position += block.size
            line_start = position - block.size + int(ends[-1]) + 1 if len(ends) else line_start
            before = int(block[-1])
    if before == _RETURN:
        return None
    numbers.append([line] if position > line_start else [])
    return np.concatenate(numbers).astype(np.int32)


def walk_rows(path: Path, header: Header) -> RowLines:
    """Find the rows with Python's csv module.

    Raises:
        DataError: `E_CSV`: a quote is never closed.
    """
    lines: list[int] = []
    found = RowLines(np.zeros(0, np.int32))
    start = last = header.num_lines + 1
    with path.open("rb") as binary:
        binary.seek(header.offset)
        file = io.TextIOWrapper(binary, encoding="utf-8", newline="")
        rows = csv.reader(
            chain(file, [header.separator.join(_END_MARK)]), delimiter=header.separator
        )
        try:
            for cells in rows:
                if cells == _END_MARK:
                    found.lines = np.array(lines, np.int32)
                    return found
                if len(cells) == len(header.names):
                    lines.append(start)
                elif cells:
                    found.ragged_lines.append(start)
                    found.ragged_cells.append(cells)
                last, start = start, header.num_lines + rows.line_num + 1
        except csv.Error as error:
            raise open_quote(path, start) from error
    raise open_quote(path, last)


def open_quote(path: Path, line: int) -> DataError:
    """The error for a quote that is never closed in the row that starts at a line."""
    message = (
        "a quote opens in this row and is not closed within 131,072 characters; "
        'close it, or double it ("") where it is part of the text.'
    )
    return refusal("E_CSV", f"{path.name}:{line}", message)

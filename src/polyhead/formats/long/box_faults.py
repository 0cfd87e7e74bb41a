"""Faults in single rows of a table with a row a box."""

from __future__ import annotations

import numpy as np

from polyhead.errors import Fault
from polyhead.formats.faults import MAX_ROW_FAULTS
from polyhead.formats.long.image_rows import ImageRows
from polyhead.formats.raw_table import RawTable
from polyhead.table import IMAGE


def wrong_rows(
    raw: RawTable, images: ImageRows, is_wrong: np.ndarray, source: str, columns: str
) -> list[Fault]:
    """`E_CELL` for each row in which a number of the box is missing or none."""
    message = (
        f"the row has no whole box in {columns}; expected four numbers, or four empty cells where "
        "the image has none; mend the row."
    )
    return _faults(raw, images, is_wrong, source, message)


def boxless_rows(
    raw: RawTable, images: ImageRows, lacks_box: np.ndarray, source: str
) -> list[Fault]:
    """`E_CELL` for each row that names a label, but not where it is."""
    message = (
        "the row names a label that has boxes elsewhere, and no box; expected four numbers; fill "
        "them in, or empty the label where the image has no box."
    )
    return _faults(raw, images, lacks_box, source, message)


def repeated_rows(raw: RawTable, rows: np.ndarray, source: str) -> list[Fault]:
    """One warning on rows that repeat an earlier one."""
    if not len(rows):
        return []
    first = int(rows[0])
    message = (
        f"{len(rows)} rows repeat the box and the label of an earlier row of the same image, "
        f"such as {place(raw, first, source)}; each box counts once; remove them."
    )
    return [Fault("W_DUPLICATE_ROW", source, message)]


def place(raw: RawTable, row: int, source: str) -> str:
    """The name of a row in messages: its line, where it has one, and its image."""
    line = int(raw.lines[row])
    name = raw.data.column(IMAGE)[row].as_py()
    return f"{source}:{line} {name}" if line else f"{source} row {row + 1} {name}"


def _faults(
    raw: RawTable, images: ImageRows, at_fault: np.ndarray, source: str, message: str
) -> list[Fault]:
    rows = np.flatnonzero(at_fault & images.is_whole)
    faults = [
        Fault("E_CELL", place(raw, row, source), message, int(images.of_row[row]))
        for row in rows[:MAX_ROW_FAULTS].tolist()
    ]
    if len(rows) > len(faults):
        rest = f"{len(rows) - len(faults)} more rows have the same fault; mend the cause first."
        faults.append(Fault("E_CELL", source, rest))
    return faults

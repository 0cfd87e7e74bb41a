"""Faults of many rows: the first ones, and a count of the rest."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from polyhead.errors import Fault
from polyhead.table import Table

MAX_LISTED = 1000


def row_faults(
    code: str, table: Table, rows: np.ndarray, messages: Iterable[str], rest: str
) -> list[Fault]:
    """A fault a row up to `MAX_LISTED`, then one that counts the others.

    Args:
        code: Of every fault.
        table: Names the rows.
        rows: (M,) rows at fault.
        messages: One a row, as far as they are listed.
        rest: What the others are, such as `more boxes have no label.`
    """
    listed = zip(rows[:MAX_LISTED].tolist(), messages, strict=False)
    faults = [Fault(code, table.where(row), message, row) for row, message in listed]
    if len(rows) > MAX_LISTED:
        faults.append(Fault(code, table.source, f"{len(rows) - MAX_LISTED} {rest}"))
    return faults

"""Faults of readers: refuse a whole file, or report single rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from polyhead.errors import DataError, Fault
from polyhead.table import Table

# A fault takes some 400 bytes: a table that is wrong from end to end must not fill the memory.
MAX_ROW_FAULTS = 10_000


def refusal(code: str, where: str, message: str) -> DataError:
    """The error to raise when a file cannot become a table at all."""
    fault = Fault(code, where, message)
    return DataError(str(fault), [fault])


def row_faults(
    table: Table, code: str, rows: Sequence[int] | np.ndarray, describe: Callable[[int], str]
) -> list[Fault]:
    """One fault a row; after `MAX_ROW_FAULTS` of them, one last fault counts the rest.

    Args:
        table: Names the rows.
        code: Of every fault.
        rows: The rows at fault.
        describe: The message for one row.
    """
    faults = [
        Fault(code, table.where(int(row)), describe(int(row)), int(row))
        for row in rows[:MAX_ROW_FAULTS]
    ]
    rest = len(rows) - len(faults)
    if rest:
        message = f"{rest} more rows have the same fault; mend the cause, then check again."
        faults.append(Fault(code, table.source, message))
    return faults

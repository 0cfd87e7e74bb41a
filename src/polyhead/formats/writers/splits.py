"""The column `split`, where a format has a place for it."""

from __future__ import annotations

import numpy as np

from polyhead.table import Table

SPLIT = "split"
PARTS = ("train", "val", "test")


def splits_of(table: Table, rows: np.ndarray) -> list[str] | None:
    """The part of each of these rows, or None unless all are train, val or test."""
    if SPLIT not in table.data.column_names:
        return None
    cells = table.column(SPLIT).take(rows).to_pylist()
    return cells if all(cell in PARTS for cell in cells) else None

"""Rows of unequal length in one flat column."""

from __future__ import annotations

import numpy as np


def take_ragged(offsets: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets and items of some rows.

    Args:
        offsets: (N + 1,) int64; the items of row i are `offsets[i]:offsets[i + 1]`.
        rows: (R,) rows wanted, in the order wanted.

    Returns:
        (R + 1,) offsets of these rows, and the places of their items in the flat column.

    >>> take_ragged(np.array([0, 2, 2, 5]), np.array([2, 0]))[1]
    array([2, 3, 4, 0, 1])
    """
    counts = np.diff(offsets)[rows]
    taken = np.concatenate([[0], np.cumsum(counts)])
    return taken, np.arange(taken[-1]) + np.repeat(offsets[rows] - taken[:-1], counts)

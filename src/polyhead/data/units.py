"""Rows that must stay together when a table is split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_NOTHING = (None, "", b"")


def merge_rows(num_rows: int, *keys: Sequence[object] | np.ndarray | None) -> np.ndarray:
    """Number the smallest units such that rows that share a value of any key share a unit.

    Args:
        num_rows: N.
        keys: N values each: a group, a digest. None and the empty value tie nothing together.

    Returns:
        (N,) int64 unit of each row, 0 to the number of units − 1.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, nodes, num_nodes = [], [], num_rows
    for key in keys:
        if key is None:
            continue
        used, values = _distinct(key)
        rows.append(used)
        nodes.append(values + num_nodes)
        num_nodes += int(values.max(initial=-1)) + 1
    if not rows:
        return np.arange(num_rows)
    row, node = np.concatenate(rows), np.concatenate(nodes)
    # Rows and key values are the nodes of a graph; a unit is a connected component.
    graph = coo_array((np.ones(len(row), np.int8), (row, node)), shape=(num_nodes, num_nodes))
    _, component = connected_components(graph, directed=False)
    return np.unique(component[:num_rows], return_inverse=True)[1]


def _distinct(key: Sequence[object] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that have a value, and the number of that value."""
    numbers: dict[object, int] = {}
    values = np.array(
        [-1 if value in _NOTHING else numbers.setdefault(value, len(numbers)) for value in key],
        dtype=np.int64,
    )
    used = np.flatnonzero(values >= 0)
    return used, values[used]

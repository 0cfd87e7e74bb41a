"""Which labels each row was annotated for: the column beside labels or objects."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from polyhead.table import Table, labels_column


def known_labels(
    table: Table, column: str, known: np.ndarray, classes: tuple[str, ...]
) -> np.ndarray:
    """(N, K) bool: the classes that each row was annotated for.

    Args:
        table: Names them in the column beside, where a row was not annotated for all.
        column: Of the labels or objects.
        known: (N,) rows that were annotated at all.
        classes: The K classes.
    """
    beside = labels_column(column)
    all_known = np.repeat(known[:, None], len(classes), 1)
    if table.data.schema.get_field_index(beside) < 0:
        return all_known
    cells = table.data.column(beside).combine_chunks()
    if isinstance(cells, pa.ChunkedArray):
        return all_known
    place = {label: i for i, label in enumerate(classes)}
    encoded = cells.flatten().dictionary_encode()
    places = np.array([*(place.get(t, -1) for t in encoded.dictionary.to_pylist()), -1])
    named = places[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    rows = cells.value_parent_indices().to_numpy()
    listed = np.zeros_like(all_known)
    listed[rows[named >= 0], named[named >= 0]] = True
    is_partial = cells.is_valid().to_numpy(zero_copy_only=False)
    return all_known & (listed | ~is_partial[:, None])

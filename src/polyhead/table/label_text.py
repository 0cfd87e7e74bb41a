"""Labels as the text of one cell."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pyarrow as pa

LABEL_LISTS = pa.list_(pa.string())


def label_text(labels: Iterable[str]) -> str:
    """Labels as a JSON list, which means the same whatever separator other cells have."""
    return json.dumps(list(labels), ensure_ascii=False)


def lists_to_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of lists of labels as text, cell by cell as `label_text`."""
    cells = column.to_pylist()
    return pa.chunked_array(
        [pa.array([None if cell is None else label_text(cell) for cell in cells], pa.string())]
    )

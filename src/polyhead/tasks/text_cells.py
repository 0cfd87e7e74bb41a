"""Columns whose cells are single texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from polyhead.errors import ConfigError
from polyhead.table import Table, cell_kind


def cell_codes(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    """Codes (N,) int32 into the distinct cell texts, -1 for an empty cell; and the texts."""
    encoded = column
    if not pa.types.is_dictionary(column.type):
        encoded = column.cast(pa.string()).dictionary_encode()
    array = encoded.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # Arrow keeps an empty column chunked
        return np.empty(0, np.int32), []
    codes = array.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
    return codes, array.dictionary.cast(pa.string()).to_pylist()


def text_column(table: Table, name: str) -> pa.ChunkedArray:
    """A column whose cells are single texts, as written; numbers are such.

    Raises:
        ConfigError: There is no such column, or it holds lists or other nested cells.
    """
    column = table.column(name)
    if pa.types.is_nested(column.type) and not pa.types.is_dictionary(column.type):
        raise ConfigError(
            f'{table.source} column "{name}" holds {cell_kind(column.type)}; expected text or '
            "numbers; only the `column` of a tags task may hold lists.",
            code="E_COLUMN",
        )
    return column

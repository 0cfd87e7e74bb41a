"""Grow the columns of a table batch by batch, small.

A column of text comes out as `dictionary<string>` with one byte a cell when it has at most 127
distinct cells, as 0/1 columns do, else as `string`. A blank cell (empty, or white space only) is
unknown: null. Other cells keep every character.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from pyarrow.compute import call_function

NARROW = pa.dictionary(pa.int8(), pa.string())
_MAX_DISTINCT = 127  # what an int8 index can tell apart


def narrow(cells: pa.Array) -> pa.Array:
    """One batch of text cells, one byte a cell where few are distinct; blank becomes null."""
    encoded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    distinct = encoded.dictionary
    blank = call_function("equal", [call_function("utf8_trim_whitespace", [distinct]), ""])
    if call_function("any", [blank]).as_py():
        known = call_function("if_else", [blank, pa.scalar(None, pa.string()), distinct])
        encoded = known.take(encoded.indices).dictionary_encode()
    if len(encoded.dictionary) > _MAX_DISTINCT:
        return encoded.dictionary_decode()
    return pa.DictionaryArray.from_arrays(encoded.indices.cast(pa.int8()), encoded.dictionary)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text cells, whichever way they are stored."""
    return kind in (pa.string(), NARROW)


class ColumnBuilder:
    """Columns that grow by batches; a column missing from a batch is unknown there."""

    def __init__(self) -> None:
        self._chunks: dict[str, list[pa.Array]] = {}
        self.num_rows = 0

    def add(self, batch: Mapping[str, pa.Array], num_rows: int) -> None:
        """Append rows.

        Args:
            batch: Column name to cells; text as `string` or `dictionary<string>`.
            num_rows: Cells in each of them.
        """
        for name in batch.keys() - self._chunks.keys():
            self._chunks[name] = [pa.nulls(self.num_rows)] if self.num_rows else []
        for name, chunks in self._chunks.items():
            cells = batch[name] if name in batch else pa.nulls(num_rows)
            text = pa.types.is_string(cells.type) or pa.types.is_dictionary(cells.type)
            chunks.append(narrow(cells) if text else cells)
        self.num_rows += num_rows

    def finish(self, names: list[str]) -> pa.Table:
        """All rows.

        Args:
            names: The columns, in the order wanted.

        Raises:
            pa.ArrowException: A column holds kinds of cells that do not mix.
        """
        return pa.table({name: _join(name, self._chunks.pop(name, [])) for name in names})


def _join(name: str, chunks: list[pa.Array]) -> pa.ChunkedArray:
    kinds = {chunk.type for chunk in chunks} - {pa.null()}
    if all(is_text(kind) for kind in kinds):
        return _join_text(chunks)
    parts = [pa.table({name: chunk}) for chunk in chunks]
    column = pa.concat_tables(parts, promote_options="permissive").column(0)
    empty_lists = column.type == pa.list_(pa.null())
    return column.cast(pa.list_(pa.string())) if empty_lists else column


def _join_text(chunks: list[pa.Array]) -> pa.ChunkedArray:
    narrowed = [narrow(c.cast(pa.string())) if c.type == pa.null() else c for c in chunks]
    if all(chunk.type == NARROW for chunk in narrowed):
        distinct = pa.chunked_array([c.dictionary for c in narrowed], pa.string()).unique()
        if len(distinct) <= _MAX_DISTINCT:
            return pa.chunked_array(narrowed, NARROW).unify_dictionaries()
    return pa.chunked_array([c.cast(pa.string()) for c in narrowed], pa.string())

"""The different cells of a column and how often each occurs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from polyhead.table import Table
from polyhead.table.cell_words import unknown_words
from polyhead.tasks.tags.tag_cells import is_list
from polyhead.tasks.text_cells import cell_codes

MAX_ROWS = 20_000


@dataclass(frozen=True)
class ColumnProfile:
    """Counts of the cells of one column.

    Attributes:
        name: Name of the column.
        num_rows: Rows that were counted.
        num_unknown: How many of them are empty, or hold a word for unknown.
        texts: Rows of each different cell of a column of text, outer white space removed.
        unknown_words: Words such as `N/A` among the unknown cells, which are not in `texts`.
        lists: Rows of each different list of a column of lists.
        is_nested: Whether the cells are neither text nor lists of text; they are not counted.
    """

    name: str
    num_rows: int
    num_unknown: int
    texts: Mapping[str, int] = field(default_factory=dict)
    lists: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    is_nested: bool = False
    unknown_words: tuple[str, ...] = ()

    @property
    def num_known(self) -> int:
        """Counted rows whose cell is known."""
        return self.num_rows - self.num_unknown


def spread_rows(num_rows: int) -> np.ndarray:
    """At most `MAX_ROWS` row numbers: one out of each of as many equal stretches of the table.

    The row of each stretch is random with a fixed seed: even steps could take the same frame of
    each video.
    """
    edges = np.linspace(0, num_rows, min(num_rows, MAX_ROWS) + 1).astype(np.int64)
    chance = np.random.default_rng(0).random(len(edges) - 1)
    return edges[:-1] + (chance * np.diff(edges)).astype(np.int64)


def profile_columns(table: Table, without: Collection[str] = ()) -> list[ColumnProfile]:
    """Count the cells of every annotation column, except those in `without`.

    Columns with few different cells are counted whole, which costs little; the others by
    `spread_rows`.
    """
    rows = pa.array(spread_rows(len(table)))
    return [
        _profile(name, table.column(name), rows) for name in table.columns if name not in without
    ]


def _profile(name: str, column: pa.ChunkedArray, rows: pa.Array) -> ColumnProfile:
    if pa.types.is_dictionary(column.type):
        return _profile_text(name, column)
    if len(rows) < len(column):
        column = column.take(rows)
    if pa.types.is_string(column.type):
        return _profile_text(name, column)
    if not (is_list(column) and pa.types.is_string(column.type.value_type)):
        return ColumnProfile(name, len(column), column.null_count, is_nested=True)
    cells = column.drop_null().to_pylist()
    lists = Counter(tuple(item for item in cell if item) for cell in cells)
    return ColumnProfile(name, len(column), column.null_count, lists=lists)


def _profile_text(name: str, column: pa.ChunkedArray) -> ColumnProfile:
    codes, cells = cell_codes(column)
    counts = np.bincount(codes + 1, minlength=len(cells) + 1).tolist()
    texts: Counter[str] = Counter()
    for cell, count in zip(cells, counts[1:], strict=True):
        if cell.strip() and count:
            texts[cell.strip()] += count
    words = sorted(unknown_words(texts))
    for word in words:
        del texts[word]
    num_unknown = len(column) - texts.total()
    return ColumnProfile(name, len(column), num_unknown, texts, unknown_words=tuple(words))

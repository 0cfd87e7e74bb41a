"""One column of several tables as one column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.formats.merge.united_cells import Cell, Unite


@dataclass(frozen=True)
class Part:
    """The column in one table.

    Attributes:
        table: Which of the tables.
        cells: All its rows.
        labels: The known labels of each cell; null for all.
    """

    table: int
    cells: pa.ChunkedArray
    labels: pa.ChunkedArray


@dataclass(frozen=True)
class Contest:
    """Two cells on one image.

    Attributes:
        place: The image.
        tables: Which two tables.
        first: The first of two cells.
        second: The other one.
    """

    place: int
    tables: tuple[int, int]
    first: Cell
    second: Cell


@dataclass(frozen=True)
class MergedColumn:
    """N merged cells, and the images on which tables were united or differ.

    Attributes:
        cells: N cells.
        labels: The known labels of each cell.
        united: Images on which two tables say more together.
        contradicted: Images on which they cannot both be right; the first is kept.
    """

    cells: pa.ChunkedArray
    labels: pa.ChunkedArray
    united: list[Contest]
    contradicted: list[Contest]


def merge_column(parts: Sequence[Part], rows: np.ndarray, unite: Unite) -> MergedColumn:
    """Take each image's cell from the tables that know it.

    Args:
        parts: The column in one or several tables, all of one type.
        rows: (S, N) row of each image in each table; -1 where it has none.
        unite: What two cells say together.
    """
    pool = _Pool(parts)
    chosen = np.full(rows.shape[1], -1, np.int64)
    united, contradicted = list[Contest](), list[Contest]()
    # Only cells that are known twice and differ become Python values: files that agree, even of a
    # million rows, are merged by index arithmetic alone.
    for number, part in enumerate(parts):
        offered = pool.offered(number, rows[part.table])
        fresh = (offered >= 0) & (chosen < 0)
        contested = np.flatnonzero((offered >= 0) & (chosen >= 0))
        chosen[fresh] = offered[fresh]
        for place in contested[pool.differ(chosen[contested], offered[contested])].tolist():
            here, there = int(chosen[place]), int(offered[place])
            first, second = pool.cell(here), pool.cell(there)
            contest = Contest(place, (pool.table(here), part.table), first, second)
            both = unite(first, second)
            if both is None:
                contradicted.append(contest)
            elif both is not first:
                united.append(contest)
                chosen[place] = pool.add(both)
    return MergedColumn(*pool.take(chosen), united, contradicted)


class _Pool:
    """Every cell of every part under one number, and those that unions add."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._cells = _chained([part.cells for part in parts])
        self._labels = _chained([part.labels for part in parts])
        self._starts = np.cumsum([0, *(len(part.cells) for part in parts)])
        self._added: list[Cell] = []

    def offered(self, number: int, rows: np.ndarray) -> np.ndarray:
        """The number of each image's cell in one part; -1 where it is unknown."""
        known = self._parts[number].cells.is_valid().to_numpy()
        there = (rows >= 0) & known[np.maximum(rows, 0)]
        return np.where(there, rows + self._starts[number], -1)

    def differ(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """(M,) bool, False where text that covers all labels is known to be the same."""
        # Equal text can only be skipped where neither cell is limited to some labels: two equal
        # lists that cover different labels mean different things. Unions have no Arrow cell.
        maybe = np.ones(len(first), bool)
        if not pa.types.is_string(self._cells.type):
            return maybe
        plain = np.flatnonzero(first < len(self._cells))
        pairs = [pa.array(numbers[plain]) for numbers in (first, second)]
        same = call_function("equal", [self._cells.take(pair) for pair in pairs]).to_numpy()
        for pair in pairs:
            same &= self._labels.take(pair).is_null().to_numpy()
        maybe[plain] = ~same
        return maybe

    def cell(self, number: int) -> Cell:
        """One cell as Python values."""
        if number >= len(self._cells):
            return self._added[number - len(self._cells)]
        return Cell(self._cells[number].as_py(), self._labels[number].as_py())

    def table(self, number: int) -> int:
        """The table of a cell; the first where a union was added."""
        part = int(np.searchsorted(self._starts, number, side="right")) - 1
        return self._parts[part if part < len(self._parts) else 0].table

    def add(self, cell: Cell) -> int:
        """Give a new cell a number."""
        self._added.append(cell)
        return len(self._cells) + len(self._added) - 1

    def take(self, numbers: np.ndarray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
        """Cells and labels under these numbers; null for -1."""
        wanted = pa.array(numbers, mask=numbers < 0)
        added = (
            pa.array([cell.value for cell in self._added], self._cells.type),
            pa.array([cell.labels for cell in self._added], self._labels.type),
        )
        cells = _chained([self._cells, pa.chunked_array([added[0]])]).take(wanted)
        labels = _chained([self._labels, pa.chunked_array([added[1]])]).take(wanted)
        return cells, labels


def _chained(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    chunks = [chunk for column in columns for chunk in column.chunks]
    return pa.chunked_array(chunks, columns[0].type)

"""The parts of a table that a format cannot hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from polyhead.table import Table, labels_column


@dataclass(frozen=True)
class ConversionLoss:
    """One kind of thing that a conversion leaves out.

    Attributes:
        noun: One of them: `crowd flag`; the name, for a column.
        num: How many; cells that are known, for a column.
        rest: What follows the noun: `with …`.
        is_column: Whether it is a column of the table.
    """

    noun: str
    num: int
    rest: str = field(default="")
    is_column: bool = field(default=False)

    @property
    def what(self) -> str:
        """The noun phrase without its number."""
        return f"column {self.noun}" if self.is_column else f"{self.noun} {self.rest}".rstrip()

    def __str__(self) -> str:
        if self.is_column:
            return f"the column {self.noun} ({counted(self.num, 'cell')})"
        return f"{counted(self.num, self.noun)}{f' {self.rest}' if self.rest else ''}"


def counted(num: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "area"), counted(1200, "area"), counted(2, "supercategory")
    ('1 area', '1,200 areas', '2 supercategories')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{num:,} {noun if num == 1 else plural}"


def describe(losses: Sequence[ConversionLoss]) -> str:
    """All of them in one phrase; columns together.

    >>> columns = [ConversionLoss(name, 2, is_column=True) for name in "ab"]
    >>> describe([ConversionLoss("area", 3), *columns])
    '3 areas, the columns a, b (4 cells)'
    """
    plain = [str(loss) for loss in losses if not loss.is_column]
    columns = [loss for loss in losses if loss.is_column]
    if len(columns) == 1:
        plain.append(str(columns[0]))
    elif columns:
        names = ", ".join(loss.noun for loss in columns)
        cells = counted(sum(loss.num for loss in columns), "cell")
        plain.append(f"the columns {names} ({cells})")
    return ", ".join(plain)


def lost_columns(table: Table, kept: Sequence[str]) -> list[ConversionLoss]:
    """Every column but those kept and those that list the labels others were annotated for."""
    siblings = {labels_column(name) for name in table.columns}
    return [
        ConversionLoss(name, known_cells(table.column(name)), is_column=True)
        for name in table.columns
        if name not in kept and name not in siblings
    ]


def known_cells(column: pa.ChunkedArray) -> int:
    """How many cells are not null."""
    return len(column) - column.null_count

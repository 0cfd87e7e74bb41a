"""Tables of names and numbers, as every printed figure has them."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text


def named_table(*names: str) -> Table:
    """A table whose first columns hold names: folded when they must be, never cut."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def number_columns(table: Table, headings: Sequence[str]) -> None:
    """Add columns of numbers to the right."""
    for heading in headings:
        table.add_column(Text(heading), justify="right", no_wrap=True)

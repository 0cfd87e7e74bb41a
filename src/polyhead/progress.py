"""Progress on standard error: a live bar on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Advance = Callable[[int, str], None]

SECONDS_BETWEEN_LINES = 10.0


class Reporter:
    """Where a long piece of work says how far it is.

    Args:
        quiet: Say nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.console = Console(stderr=True, quiet=quiet, highlight=False)

    def say(self, text: str) -> None:
        """One line that stays."""
        self.console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def work(self, title: str, total: int, unit: str = "") -> Iterator[Advance]:
        """A piece of work of `total` units.

        Args:
            title: What is being done.
            total: How many units.
            unit: Their name, for plain lines.

        Yields:
            `advance(units, note)`.
        """
        if self.quiet or total <= 0:
            yield lambda _units, _note: None
        elif self.console.is_terminal:
            with self._bar() as bar:
                task = bar.add_task(title, total=total, note="")
                yield lambda units, note: bar.update(task, advance=units, note=note)
        else:
            yield self._lines(title, total, unit)

    def _bar(self) -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self.console,
            transient=True,
        )

    def _lines(self, title: str, total: int, unit: str) -> Advance:
        done, last = 0, time.monotonic()

        def advance(units: int, note: str) -> None:
            nonlocal done, last
            done += units
            if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                print(f"{title}: {done}/{total} {unit} {note}".rstrip(), file=sys.stderr)

        return advance

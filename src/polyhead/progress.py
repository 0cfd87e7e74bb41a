"""Progress on standard error: a live bar on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

Advance = Callable[[int, str], None]

SECONDS_BETWEEN_LINES = 10.0
WIDE = 100  # columns of a terminal; below it the bar is short, so that the figures fit


class RateColumn(ProgressColumn):
    """Units a second.

    Args:
        unit: Their name; empty where there is no room for it.
    """

    def __init__(self, unit: str) -> None:
        super().__init__(Column(no_wrap=True))
        self._unit = f" {unit}" if unit else ""

    def render(self, task: Task) -> Text:
        """`45 images/s`, or nothing before it is known."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{rounded(speed)}{self._unit}/s")


class NoteColumn(ProgressColumn):
    """The note on one line: the one column that is cut where the terminal is too narrow."""

    def render(self, task: Task) -> Text:
        """The note that came with the last advance."""
        return Text(task.fields["note"], no_wrap=True, overflow="ellipsis")


class Reporter:
    """Reports messages and the progress of long work.

    Args:
        quiet: Print nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self._log: Path | None = None

    def say(self, text: str) -> None:
        """One line that stays, on the screen and in the log."""
        self.console.print(text, markup=False, soft_wrap=not self.console.is_terminal)
        if self._log:
            with self._log.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{text}\n")

    @contextmanager
    def logged(self, path: Path) -> Iterator[None]:
        """Append messages to a file as well while the body runs.

        Args:
            path: The file; quiet reporters write it too.
        """
        self._log, before = path, self._log
        try:
            yield
        finally:
            self._log = before

    @contextmanager
    def waiting(self, title: str) -> Iterator[None]:
        """Something that takes seconds and cannot be counted, such as loading a library."""
        if self.quiet or not self.console.is_terminal:
            yield
        else:
            with self.console.status(f"{title}…"):
                yield

    @contextmanager
    def work(self, title: str, total: int, unit: str = "") -> Iterator[Advance]:
        """A piece of work of `total` units.

        Args:
            title: What is being done.
            total: How many units.
            unit: Their name, for plain lines.

        Yields:
            `advance(units, note)`, to be called with the number of further units done.
        """
        if self.quiet or total <= 0:
            yield lambda _units, _note: None
        elif self.console.is_terminal:
            with self._bar(unit) as bar:
                task = bar.add_task(title, total=total, note="")
                yield lambda units, note: bar.update(task, advance=units, note=note)
        else:
            yield _lines(title, total, unit)

    def _bar(self, unit: str) -> Progress:
        is_wide = self.console.width >= WIDE

        def column() -> Column:
            return Column(no_wrap=True)

        return Progress(
            TextColumn("{task.description}", table_column=column()),
            BarColumn(30 if is_wide else 10),
            MofNCompleteColumn(table_column=column()),
            RateColumn(unit if is_wide else ""),
            TimeRemainingColumn(compact=True, table_column=column()),
            TextColumn("left", table_column=column()),
            NoteColumn(),
            console=self.console,
            transient=True,
            # A result that goes to a file must not be caught by a bar on the screen.
            redirect_stdout=sys.stdout.isatty(),
        )


def rounded(speed: float) -> str:
    """A rate with two digits at least: `0.45`, `4.5`, `45`, `451`."""
    return f"{speed:.0f}" if speed >= 10 else f"{speed:.2g}"


def _lines(title: str, total: int, unit: str) -> Advance:
    """A line on standard error every now and then."""
    done = 0
    start = last = time.monotonic()

    def advance(units: int, note: str) -> None:
        nonlocal done, last
        done += units
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            rate = rounded(done / (now - start))
            text = f"{title}: {done}/{total} {unit}, {rate}/s  {note}"
            print(text.rstrip(), file=sys.stderr)

    return advance

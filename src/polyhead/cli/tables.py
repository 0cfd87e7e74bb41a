"""Figures as tables that fit 80 columns."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

MAX_CLASSES = 40
MAX_CONFUSION = 12
UNLIMITED = 10_000  # columns, where no terminal has an edge to keep to
HEADINGS = {
    "precision": "prec.",
    "num_positive": "pos.",
    "num_known": "known",
    "threshold": "thr.",
}


def print_evaluation(result: Mapping[str, Any]) -> None:
    """One table of figures and one of classes for each task, on standard output."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else UNLIMITED)
    console.print(f"{result['split']}: {result['num_images']} pictures")
    for name, task in result["tasks"].items():
        console.print(_title(name, task), markup=False, soft_wrap=True)
        console.print(_figures(task))
        if "per_class" in task:
            console.print(_classes(task))
        hidden = len(task.get("per_class", ())) - MAX_CLASSES
        if hidden > 0:
            console.print(f"{hidden} more classes are in evaluation.json")
        if "confusion" in task and len(task["confusion"]["classes"]) <= MAX_CONFUSION:
            console.print("true class by row, answer by column", markup=False)
            console.print(_confusion(task["confusion"]))


def _title(name: str, task: Mapping[str, Any]) -> str:
    title = f"\n{name} ({task['type']}): {task['num_known']} known cells"
    if "num_classes" not in task:
        return title
    return f"{title}, {task['num_classes_evaluated']} of {task['num_classes']} classes evaluated"


def _table(first: str) -> Table:
    """A table whose first column holds names: folded when they must be, never cut."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(first, overflow="fold")
    return table


def _number_column(table: Table, heading: str) -> None:
    table.add_column(Text(heading), justify="right", no_wrap=True)


def _figures(task: Mapping[str, Any]) -> Table:
    table = _table("figure")
    _number_column(table, "value")
    _number_column(table, "95 % interval")
    for figure, entry in task["metrics"].items():
        low, high = entry.get("low"), entry.get("high")
        interval = "" if low is None else f"{low:.3f} – {high:.3f}"
        table.add_row(figure, _shown(entry["value"]), interval)
    return table


def _classes(task: Mapping[str, Any]) -> Table:
    entries = list(task["per_class"].items())
    columns: list[str] = list(entries[0][1]) if entries else []
    table = _table("class")
    for column in columns:
        _number_column(table, HEADINGS.get(column, column))
    for label, entry in entries[:MAX_CLASSES]:
        table.add_row(Text(label), *(_shown(entry[column]) for column in columns))
    return table


def _confusion(confusion: Mapping[str, Any]) -> Table:
    """Columns bear the numbers of the rows, so that long names cost no width."""
    table = _table("class")
    numbered = [f"{number} {label}" for number, label in enumerate(confusion["classes"], 1)]
    for number in range(1, len(numbered) + 1):
        _number_column(table, str(number))
    for label, row in zip(numbered, confusion["matrix"], strict=True):
        table.add_row(Text(label), *map(str, row))
    return table


def _shown(value: float | int | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"

"""Figures as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

MAX_CLASSES = 40


def print_evaluation(result: Mapping[str, Any]) -> None:
    """One table of figures and one of classes for each task, on standard output."""
    console = Console(highlight=False)
    console.print(f"{result['split']}: {result['num_images']} pictures")
    for name, task in result["tasks"].items():
        console.print(_figures(name, task))
        if "per_class" in task:
            console.print(_classes(task))
        if "confusion" in task and len(task["confusion"]["classes"]) <= 12:
            console.print(_confusion(task["confusion"]))


def _figures(name: str, task: Mapping[str, Any]) -> Table:
    title = f"{name} ({task['type']}): {task['num_known']} known cells"
    if "num_classes" in task:
        title += f", {task['num_classes_evaluated']} of {task['num_classes']} classes evaluated"
    table = Table(title=title, title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for figure, entry in task["metrics"].items():
        low, high = entry.get("low"), entry.get("high")
        interval = "" if low is None else f"{low:.3f} – {high:.3f}"
        table.add_row(figure, _shown(entry["value"]), interval)
    return table


def _classes(task: Mapping[str, Any]) -> Table:
    entries = list(task["per_class"].items())
    columns = list(entries[0][1]) if entries else []
    table = Table()
    table.add_column("class")
    for column in columns:
        table.add_column(column, justify="right")
    for label, entry in entries[:MAX_CLASSES]:
        table.add_row(label, *(_shown(entry[column]) for column in columns))
    if len(entries) > MAX_CLASSES:
        table.caption = f"{len(entries) - MAX_CLASSES} more classes are in evaluation.json"
    return table


def _confusion(confusion: Mapping[str, Any]) -> Table:
    table = Table(title="true class by row, answer by column", title_justify="left")
    table.add_column("")
    for label in confusion["classes"]:
        table.add_column(label, justify="right")
    for label, row in zip(confusion["classes"], confusion["matrix"], strict=True):
        table.add_row(label, *map(str, row))
    return table


def _shown(value: float | int | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"

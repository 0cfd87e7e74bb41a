"""Figures as tables that fit 80 columns."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from polyhead.report.columns import named_table, number_columns
from polyhead.report.tag_tables import print_tag_extras
from polyhead.report.task_figures import (
    figure_text,
    headline,
    interval_text,
    known_text,
    sample_size,
    trivial_names,
    trivial_text,
)
from polyhead.tasks import TASK_TYPES

MAX_CLASSES = 40
MAX_CONFUSION = 12
LEFT_TO_THE_FILE = {"ECE", "Brier", "threshold_low", "threshold_high"}  # of each class
UNLIMITED = 10_000  # columns, where no terminal has an edge to keep to
RANKING_ONLY = (
    "scores reach beyond 0 and 1: they only rank, so figures of predicted labels and of "
    "probabilities are left out"
)
HEADINGS = {
    "precision": "prec.",
    "num_positive": "pos.",
    "num_known": "known",
    "num_boxes": "boxes",
    "num_pixels": "pixels",
    "num_images": "pict.",
    "threshold": "thr.",
}


def print_evaluation(result: Mapping[str, Any]) -> None:
    """A row for each task, then its figures and its classes, on standard output."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else UNLIMITED)
    suffix = "" if result["split"] == "test" else f"-{result['split']}"
    if "annotations" in result:
        suffix += f"-{Path(result['annotations'][0]).resolve().stem}"
    of = f" of {result['num_rows']}" if "num_rows" in result else ""
    console.print(f"{result['split']}: {result['num_images']}{of} images\n")
    if "annotations" in result:
        named = ", ".join(result["annotations"])
        known = result.get("num_trained_on", 0) + result.get("num_chosen_on", 0)
        seen = (
            f"; {known} of them known to the run, whose figures are too optimistic" if known else ""
        )
        console.print(f"not the run's own images: those of {named}{seen}\n", soft_wrap=True)
    if "note" in result:
        console.print(f"{result['note']}\n", soft_wrap=True, markup=False)
    _print_summary(console, result["tasks"])
    for name, task in result["tasks"].items():
        title = f"\n{name} ({task['type']}): {known_text(task)}\n"
        console.print(title, markup=False, soft_wrap=True)
        console.print(_figures(task))
        if not task.get("are_probabilities", True):
            console.print(f"\n{RANKING_ONLY}", soft_wrap=True)
        if "protocol" in task:
            _print_protocol(console, task)
        file = f"evaluation{suffix}.json"
        print_tag_extras(console, task, file)
        _print_classes(console, task, file)


def _print_summary(console: Console, tasks: Mapping[str, Mapping[str, Any]]) -> None:
    table = named_table("task")
    for heading in ("type", "figure"):
        table.add_column(heading, no_wrap=True)
    number_columns(table, ("value", "95 % interval", "trivial", "counted over"))
    for name, task in tasks.items():
        figure, metrics = headline(task), task["metrics"]
        trivial = trivial_names(task).get(figure)
        table.add_row(
            Text(name),
            task["type"],
            figure,
            figure_text(metrics[figure]["value"]),
            interval_text(metrics[figure]),
            figure_text(metrics[trivial]["value"]) if trivial else "",
            sample_size(task),
        )
    console.print(table)
    if trivial := trivial_text(list(tasks.values())):
        console.print(f"\n{trivial}", soft_wrap=True)


def _print_protocol(console: Console, task: Mapping[str, Any]) -> None:
    """The figures under a protocol beside the default ones, and how it departs from these."""
    protocol = task["protocol"]
    console.print(f"\n{protocol['name']}: {protocol['departs']}\n", soft_wrap=True)
    table = named_table("figure")
    number_columns(table, (protocol["name"], "default"))
    for figure, entry in protocol["metrics"].items():
        default = task["metrics"].get(figure)
        table.add_row(
            figure, figure_text(entry["value"]), figure_text(default["value"]) if default else ""
        )
    console.print(table)


def _print_classes(console: Console, task: Mapping[str, Any], file: str) -> None:
    if "per_class" not in task:
        return
    console.print()
    console.print(_classes(task))
    hidden = len(task["per_class"]) - MAX_CLASSES
    if hidden > 0:
        console.print(f"{hidden} more classes are in {file}")
    if "confusion" in task and len(task["confusion"]["classes"]) <= MAX_CONFUSION:
        whole = TASK_TYPES[task["type"]].decider.confusion_share
        share = f", in % of {whole}" if whole else ""
        console.print(f"\ntrue class by row, answer by column{share}", markup=False)
        console.print(_confusion(task["confusion"], in_percent=bool(whole)))


def _figures(task: Mapping[str, Any]) -> Table:
    """Every figure once; those of the trivial answer beside the figure they belong to."""
    metrics, trivial = task["metrics"], trivial_names(task)
    table = named_table("figure")
    number_columns(table, ("value", "95 % interval", *(["trivial"] if trivial else [])))
    for figure in [name for name in metrics if name not in trivial.values()]:
        cells = [figure_text(metrics[figure]["value"]), interval_text(metrics[figure])]
        if figure in trivial:
            cells.append(figure_text(metrics[trivial[figure]]["value"]))
        table.add_row(figure, *cells)
    return table


def _classes(task: Mapping[str, Any]) -> Table:
    entries = list(task["per_class"].items())
    columns: list[str] = list(entries[0][1]) if entries else []
    columns = [column for column in columns if column not in LEFT_TO_THE_FILE]
    table = named_table("class")
    number_columns(table, [HEADINGS.get(column, column) for column in columns])
    for label, entry in entries[:MAX_CLASSES]:
        table.add_row(Text(label), *(figure_text(entry[column]) for column in columns))
    return table


def _confusion(confusion: Mapping[str, Any], *, in_percent: bool) -> Table:
    """Columns bear the numbers of the rows, so that long names cost no width."""
    table = named_table("class")
    numbered = [f"{number} {label}" for number, label in enumerate(confusion["classes"], 1)]
    number_columns(table, [str(number) for number in range(1, len(numbered) + 1)])
    for label, row in zip(numbered, confusion["matrix"], strict=True):
        table.add_row(Text(label), *(_percents(row) if in_percent else map(str, row)))
    return table


def _percents(row: Sequence[int]) -> list[str]:
    """Counts as whole percents of their sum; a dash where there are none."""
    total = sum(row)
    return [f"{100 * count / total:.0f}" if count else "–" for count in row]

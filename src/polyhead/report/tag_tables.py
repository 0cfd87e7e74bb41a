"""Couplings and conformal sets of a tags task, in words and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from polyhead.report.columns import named_table, number_columns
from polyhead.report.task_figures import figure_text

MAX_COUPLINGS = 8
MAX_BOUND = 5


def print_tag_extras(console: Console, task: Mapping[str, Any], file: str) -> None:
    """The strongest couplings of a field and the promise of `conformal`, where there are any.

    Args:
        console: Where to.
        task: The task's part of the evaluation file.
        file: The name of that file.
    """
    if "conformal" in task:
        console.print(f"\n{conformal_text(task['conformal'])}", soft_wrap=True)
    if "field" in task:
        console.print(f"\n{field_text(task['field'])}\n", soft_wrap=True)
        couplings = task["field"]["couplings"]
        console.print(_couplings(couplings[:MAX_COUPLINGS]))
        if len(couplings) > MAX_COUPLINGS:
            console.print(f"more couplings are in {file}")
        for place, direction in enumerate(task["field"].get("directions", ()), 1):
            console.print(direction_text(place, direction), soft_wrap=True)


def conformal_text(conformal: Mapping[str, float | None]) -> str:
    """Conformal sets: the allowed and the measured share of missed labels.

    >>> conformal_text({"alpha": 0.1, "missed": 0.08, "set_size": 2.5})
    'conformal: 0.080 of the true labels of an image missed, 0.100 allowed; 2.500 labels in a set'
    """
    missed, allowed, size = (figure_text(conformal[k]) for k in ("missed", "alpha", "set_size"))
    return (
        f"conformal: {missed} of the true labels of an image missed, {allowed} allowed; "
        f"{size} labels in a set"
    )


def field_text(field: Mapping[str, Any]) -> str:
    """Gain in log-likelihood of the field over independent labels.

    >>> names = ("log_likelihood", "log_likelihood_independent", "gain_standard_error")
    >>> field_text(dict.fromkeys(names))
    'field: no image has a known label to judge it by'
    """
    if field["log_likelihood"] is None:
        return "field: no image has a known label to judge it by"
    with_it, without, error = (
        figure_text(field[key])
        for key in ("log_likelihood", "log_likelihood_independent", "gain_standard_error")
    )
    return (
        f"field: log-likelihood {with_it} an image, {without} without couplings "
        f"(standard error of the gain {error})"
    )


def direction_text(place: int, direction: Mapping[str, Any]) -> str:
    """The labels that couplings of some images bind more, or less, than those of others.

    >>> bound = {"labels": {"bus": 1.5, "car": -0.5}, "gate_low": -0.9, "gate_high": 0.2}
    >>> direction_text(1, bound)
    'gate 1, from -0.900 to +0.200, times: bus +1.50, car -0.50'
    """
    bound = [f"{label} {value:+.2f}" for label, value in direction["labels"].items()]
    low, high = direction["gate_low"], direction["gate_high"]
    opens = "" if low is None else f", from {low:+.3f} to {high:+.3f}"
    return f"gate {place}{opens}, times: {', '.join(bound[:MAX_BOUND])}"


def _couplings(couplings: Sequence[Mapping[str, Any]]) -> Table:
    """Strongest first; images with both labels, with one of them, with none."""
    table = named_table("first", "second")
    number_columns(table, ("log-odds", "both", "first", "second", "none"))
    for coupling in couplings:
        table.add_row(
            Text(coupling["first"]),
            Text(coupling["second"]),
            f"{coupling['log_odds']:+.2f}",
            *map(figure_text, coupling["support"]),
        )
    return table

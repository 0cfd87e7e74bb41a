"""The figures of one task in words: headline, trivial baseline, what they are counted over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polyhead.metrics import TRIVIAL, trivial_twins
from polyhead.tasks import TASK_TYPES

Task = Mapping[str, Any]


def headline(task: Task) -> str:
    """The figure that a task is named by: the first, such as mAP of tags and AP of boxes."""
    return next(iter(task["metrics"]))


def trivial_names(task: Task) -> dict[str, str]:
    """Figure to the name of the same figure of an answer that needs no look at the image."""
    return trivial_twins(task["metrics"])


def trivial_text(tasks: Sequence[Task]) -> str:
    """One line on the trivial answers of the headlines; empty where there are none.

    >>> trivial_text([{"metrics": {"MAE": {"value": 1.0}, "MAE_mean": {"value": 2.0}}}])
    'trivial: without a look at the image (always the mean); MAE: less is better'
    """
    figures = list(map(headline, tasks))
    names = map(trivial_names, tasks)
    kinds = [
        name[figure].split("_")[-1]
        for figure, name in zip(figures, names, strict=True)
        if figure in name
    ]
    if not kinds:
        return ""
    listed = ", ".join(TRIVIAL[kind] for kind in dict.fromkeys(kinds))
    less = "; MAE: less is better" if "MAE" in figures else ""
    return f"trivial: without a look at the image ({listed}){less}"


def sample_size(task: Task) -> str:
    """The sample of a figure: `1,488 cells`, `124 images`, `509 boxes`, `9,216 pixels`."""
    return TASK_TYPES[task["type"]].decider.sample_size(task)


def known_text(task: Task) -> str:
    """The share of the part that is known, and the number of classes that can be judged.

    >>> known_text({"type": "number", "num_images": 9, "num_known": 7})
    '7 of 9 images known'
    >>> task = {"type": "class", "num_images": 9, "num_known": 7, "num_classes_evaluated": 1}
    >>> known_text({**task, "num_classes": 1})
    '7 of 9 images known; 1 class'
    """
    found = TASK_TYPES[task["type"]].decider.known_text(task)
    if "num_classes" not in task:
        return found
    judged, classes = task["num_classes_evaluated"], task["num_classes"]
    noun = "class" if classes == 1 else "classes"
    return f"{found}; {classes} {noun}" + ("" if judged == classes else f", {judged} evaluated")


def figure_text(value: float | int | None) -> str:
    """Three decimals, fewer of what is large and other digits of what is tiny.

    >>> [figure_text(value) for value in (0.25, 123456.7, 0.00012, 12, None)]
    ['0.250', '123457', '0.00012', '12', '–']
    """
    if value is None:
        return "–"
    if isinstance(value, int):
        return str(value)
    if abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.2g}" if 0 < abs(value) < 0.0005 else f"{value:.3f}"


def interval_text(entry: Mapping[str, float | None]) -> str:
    """`0.400 – 0.600`, or nothing of a figure that has no interval."""
    low, high = entry.get("low"), entry.get("high")
    return "" if low is None or high is None else f"{figure_text(low)} – {figure_text(high)}"

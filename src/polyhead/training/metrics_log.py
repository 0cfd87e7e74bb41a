"""One record an epoch, for metrics.jsonl and for the eye."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from polyhead.files import read_jsonl, write_text
from polyhead.progress import rounded
from polyhead.tasks import TaskDecider
from polyhead.training.state import Position

WIDTH = 80  # columns of the narrowest usual terminal
GAP = "  "
ROW_NAMES: tuple[str, str, str] = ("", "  loss", "  validation")


def epoch_record(
    position: Position, tasks: Mapping[str, TaskDecider], figures: Mapping[str, Any]
) -> dict[str, Any]:
    """Losses, validation figures and the score that chooses the best epoch.

    The score is the mean over tasks of the figure that each is judged by; a task whose figure is
    undefined on this validation part is left out.
    """
    metrics = {
        name: {key: entry["value"] for key, entry in figures[name]["metrics"].items()}
        for name in tasks
    }
    scores = [metrics[name][task.score_name] for name, task in tasks.items()]
    defined = [_bounded(score) for score in scores if score is not None]
    return {
        "epoch": position.epoch + 1,
        "step": position.step,
        "score": sum(defined) / len(defined) if defined else 0.0,
        "train_loss": position.mean_losses(),
        "val": metrics,
    }


def _bounded(score: float) -> float:
    """The score, above -1 and in the same order: R2 of a number has no lowest value.

    Without it one task that is still far off would outweigh what all others gain.
    """
    return score if score >= 0 else score / (1 - score)


def epoch_line(record: Mapping[str, Any], num_epochs: int) -> str:
    """The record for the eye: one line of one head, a small table of several."""
    epochs_left = num_epochs - record["epoch"]
    left = f", {_duration(record['seconds'] * epochs_left)} left" if epochs_left else ""
    speed = f"{rounded(record['pictures_per_second'])} images/s{left}"
    title, best = f"epoch {record['epoch']}/{num_epochs}", ", best so far" if record["best"] else ""
    heads = [
        (name, _shown(record["train_loss"].get(name)), _first(metrics))
        for name, metrics in record["val"].items()
    ]
    if len(heads) == 1:
        ((name, loss, figure),) = heads
        return f"{title}  {name}: loss {loss}, validation {figure}{best}  {speed}"
    return f"{title}  score {record['score']:.3f}{best}  {speed}\n" + "\n".join(_rows(heads))


def _rows(heads: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Three rows with a column for each head, and three more where a row would be too wide."""
    columns, width = [ROW_NAMES], 0
    for head in heads:
        cell = max(map(len, head)) + len(GAP)
        width += cell
        if width > WIDTH - len(ROW_NAMES[-1]) and len(columns) > 1:
            yield from _lines(columns)
            columns, width = [ROW_NAMES], cell
        columns.append(head)
    yield from _lines(columns)


def _lines(columns: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in columns]
    for row in zip(*columns, strict=True):
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield GAP.join(padded).rstrip()


def forget_later(path: Path, position: Position) -> None:
    """Drop records of what a resumed run does again, so that each epoch is recorded once.

    Args:
        path: The file of records.
        position: Where the run resumes.
    """
    if not path.exists():
        return
    records = read_jsonl(path)
    kept = [
        record
        for record in records
        if record["step"] <= position.step and record.get("epoch", 0) <= position.epoch
    ]
    if len(kept) < len(records):
        write_text(path, "".join(json.dumps(record) + "\n" for record in kept))


def _first(metrics: Mapping[str, float | None]) -> str:
    """The leading figure of a task: mAP of tags, AP of boxes, MAE of a number."""
    name, value = next(iter(metrics.items()))
    return f"{name} {_shown(value)}"


def _shown(value: float | None) -> str:
    """Three decimals; a dash for what this epoch has no figure of."""
    return "–" if value is None else f"{value:.3f}"


def _duration(seconds: float) -> str:
    """`40 s`, `12 min` or `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

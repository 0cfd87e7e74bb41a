"""One record an epoch, for metrics.jsonl and for the eye."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyhead.tasks import Task
from polyhead.training.state import Position


def epoch_record(
    position: Position, tasks: Mapping[str, Task], figures: Mapping[str, Any]
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
    """The record on one line."""
    losses = " ".join(f"{name} {value:.4f}" for name, value in record["train_loss"].items())
    figures = " ".join(f"{name} {_first(metrics)}" for name, metrics in record["val"].items())
    star = "  (best so far)" if record["best"] else ""
    return f"epoch {record['epoch']}/{num_epochs}  loss: {losses}  validation: {figures}{star}"


def _first(metrics: Mapping[str, float | None]) -> str:
    """The leading figure of a task: mAP of tags, accuracy of a class, MAE of a number."""
    name, value = next(iter(metrics.items()))
    return f"{name} {'–' if value is None else f'{value:.3f}'}"

"""Thresholds of a task's classes, as `classes.json` keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyhead.errors import CheckpointError


def read_thresholds(name: str, entry: Mapping[str, Any]) -> tuple[float, ...]:
    """The thresholds of a task's entry, one a class.

    Args:
        name: Of the task.
        entry: With its `classes` and `thresholds`.

    Raises:
        CheckpointError: They are not one a class.
    """
    classes, thresholds = entry["classes"], tuple(entry["thresholds"])
    if len(thresholds) != len(classes):
        raise CheckpointError(
            f'task "{name}" has {len(thresholds)} thresholds for {len(classes)} classes; '
            "expected one each; restore the file."
        )
    return thresholds

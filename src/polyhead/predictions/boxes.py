"""The objects of one image."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class BoxesPrediction:
    """The objects of one picture, surest first.

    Attributes:
        boxes_xyxy: x_min, y_min, x_max, y_max of each, in pixels of the displayed picture.
        labels: What each is.
        scores: How sure each is, in [0, 1].
        classes: Every class of the task, so that drawings give each the same colour everywhere.
    """

    boxes_xyxy: list[list[float]]
    labels: list[str]
    scores: list[float]
    classes: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape of one boxes task."""
        return {
            "type": "boxes",
            "boxes_xyxy": self.boxes_xyxy,
            "labels": self.labels,
            "scores": self.scores,
        }

    def __str__(self) -> str:
        counts = Counter(self.labels).most_common()
        return ", ".join(f"{count} × {label}" for label, count in counts) or "(none)"

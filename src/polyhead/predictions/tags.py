"""The tags of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from polyhead.predictions.drawing.palette import Paint, rgb
from polyhead.predictions.drawing.section import Section, probability_bars, strongest_bars
from polyhead.predictions.task_prediction import TaskPrediction
from polyhead.table.label_cells import DELIMITERS
from polyhead.table.label_text import label_text

NO_LABELS = "[]"  # as in annotations: annotated, without labels
PAINT = Paint(rgb("#0072B2"))  # Okabe and Ito: distinct from that of classes for any eyes


@dataclass(frozen=True)
class TagsPrediction(TaskPrediction):
    """The tags of one image.

    Attributes:
        labels: Labels at or above their threshold, in class order.
        probabilities: Every label's probability.
        possible: The conformal set where asked for: labels that may be true, which miss few.
    """

    type: ClassVar[str] = "tags"
    labels: list[str]
    probabilities: dict[str, float]
    possible: list[str] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of one tags task."""
        entry = {"type": self.type, "labels": self.labels, "probabilities": self.probabilities}
        return entry if self.possible is None else {**entry, "possible": self.possible}

    def __str__(self) -> str:
        shown = [f"{label} {self.probabilities[label]:.2f}" for label in self.labels]
        return ", ".join(shown) or "(none)"

    def section(self, paints: Mapping[str, Paint]) -> Section:
        """The number of predicted labels, and a bar for each of the likeliest."""
        del paints
        bars = probability_bars(self.probabilities, set(self.labels), PAINT)
        # Predicted labels come before nearly predicted ones, when not all have room.
        kept = sorted(strongest_bars(bars), key=lambda bar: -bar.share)
        answer = f"{len(set(self.labels)) or 'none'} of {len(bars)}"
        return Section(answer, kept, len(bars) - len(kept))

    def cells(self) -> list[str]:
        """`car|person`; a JSON list where a label of the task holds a separator; `[]` for none."""
        if not self.labels:
            return [NO_LABELS]
        marks = (*DELIMITERS, "[")
        is_plain = not any(mark in label for label in self.probabilities for mark in marks)
        return [DELIMITERS[0].join(self.labels) if is_plain else label_text(self.labels)]

"""The class of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from polyhead.predictions.drawing.palette import Paint, rgb
from polyhead.predictions.drawing.section import Section, probability_bars, strongest_bars
from polyhead.predictions.task_prediction import TaskPrediction

PAINT = Paint(rgb("#D55E00"))  # Okabe and Ito: distinct from that of tags for any eyes


@dataclass(frozen=True)
class ClassPrediction(TaskPrediction):
    """The class of one image.

    Attributes:
        label: The likeliest class.
        probabilities: Every class's probability; they sum to 1.
    """

    type: ClassVar[str] = "class"
    label: str
    probabilities: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of one class task."""
        return {"type": self.type, "label": self.label, "probabilities": self.probabilities}

    def __str__(self) -> str:
        return f"{self.label} {self.probabilities[self.label]:.2f}"

    def section(self, paints: Mapping[str, Paint]) -> Section:
        """The class, and a bar for each of the likeliest."""
        del paints
        bars = probability_bars(self.probabilities, {self.label}, PAINT)
        kept = strongest_bars(bars)
        return Section(self.label, kept, len(bars) - len(kept))

    def cells(self) -> list[str]:
        """The class alone."""
        return [self.label]

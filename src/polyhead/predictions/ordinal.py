"""The grade of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from polyhead.predictions.drawing.palette import Paint, rgb
from polyhead.predictions.drawing.section import Section, probability_bars, strongest_bars
from polyhead.predictions.task_prediction import TaskPrediction
from polyhead.table.cell_words import plain_number
from polyhead.table.number_text import decimal_text

PAINT = Paint(rgb("#009E73"))  # Okabe and Ito: distinct from that of tags and classes for any eyes


@dataclass(frozen=True)
class OrdinalPrediction(TaskPrediction):
    """The grade of one image.

    Attributes:
        label: The middle grade: it and those below have half of the probability or more.
        expected: The mean grade; of grades that are no numbers, their mean place from 0.
        probabilities: Every grade's probability, the lowest grade first; they sum to 1.
    """

    type: ClassVar[str] = "ordinal"
    label: str
    expected: float
    probabilities: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of one ordinal task."""
        return {
            "type": self.type,
            "label": self.label,
            "expected": self.expected,
            "probabilities": self.probabilities,
        }

    def __str__(self) -> str:
        mean = self._mean()
        return f"{self.label} {self.probabilities[self.label]:.2f}" + f" ({mean})" * bool(mean)

    def _mean(self) -> str:
        """The mean in words, where the grades are numbers."""
        is_number = plain_number(self.label) is not None
        return f"mean {self.expected:.1f}" if is_number else ""

    def section(self, paints: Mapping[str, Paint]) -> Section:
        """The grade, its mean, and a bar for each of the likeliest, in the order of the grades."""
        del paints
        bars = probability_bars(self.probabilities, {self.label}, PAINT)
        kept = {bar.label for bar in strongest_bars(bars)}
        shown = [bar for bar in bars if bar.label in kept]
        return Section(self.label, shown, len(bars) - len(shown), remark=self._mean())

    def cells(self) -> list[str]:
        """The grade, and its mean."""
        return [self.label, decimal_text(self.expected)]

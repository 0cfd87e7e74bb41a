"""The number of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from polyhead.predictions.drawing.palette import Paint
from polyhead.predictions.drawing.section import Section, number
from polyhead.predictions.task_prediction import TaskPrediction
from polyhead.table.number_text import decimal_text


@dataclass(frozen=True)
class NumberPrediction(TaskPrediction):
    """The number of one image, in the unit of the labels.

    Attributes:
        value: The number.
        low: Lower end of its 80 % interval, where the task predicts one.
        high: Upper end.
        is_count: Whether it counts things, so that it is shown with one decimal at most.
    """

    type: ClassVar[str] = "number"
    value: float
    low: float | None = None
    high: float | None = None
    is_count: bool = field(default=False, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of one number task."""
        entry = {"type": self.type, "value": self.value}
        return entry if self.low is None else {**entry, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        written = count_text if self.is_count else _few_digits
        shown = written(self.value)
        if self.low is None or self.high is None:
            return shown
        return f"{shown} ({written(self.low)} to {written(self.high)})"

    def section(self, paints: Mapping[str, Paint]) -> Section:
        """The number and its interval."""
        del paints
        written = count_text if self.is_count else number
        if self.low is None or self.high is None:
            return Section(written(self.value))
        interval = f"80 % interval: {written(self.low)} to {written(self.high)}"
        return Section(written(self.value), remark=interval)

    def cells(self) -> list[str]:
        """The number with six digits at least, never a power of ten."""
        return [decimal_text(self.value)]


def count_text(value: float) -> str:
    """An expected count with one decimal at most.

    >>> [count_text(value) for value in (3.24, 2.97, 0.015, 12345.6)]
    ['3.2', '3', '0', '12,345.6']
    """
    return f"{value:,.1f}".removesuffix(".0")


def _few_digits(value: float) -> str:
    """Three digits of the number, two of what is below 1, and every digit before the point.

    >>> [_few_digits(value) for value in (2.3456, 23.456, 1234567.8, 0.03249)]
    ['2.35', '23.5', '1234568', '0.032']
    """
    if abs(value) < 1:
        return f"{value:.2g}"
    decimals = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{decimals}f}"

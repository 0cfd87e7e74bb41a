"""What each task type says of one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TagsPrediction:
    """The tags of one picture.

    Attributes:
        labels: Labels at or above their threshold, in class order.
        probabilities: Every label's probability.
    """

    labels: list[str]
    probabilities: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape of one tags task."""
        return {"type": "tags", "labels": self.labels, "probabilities": self.probabilities}

    def __str__(self) -> str:
        shown = [f"{label} {self.probabilities[label]:.2f}" for label in self.labels]
        return ", ".join(shown) or "(none)"


@dataclass(frozen=True)
class ClassPrediction:
    """The class of one picture.

    Attributes:
        label: The likeliest class.
        probabilities: Every class's probability; they sum to 1.
    """

    label: str
    probabilities: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape of one class task."""
        return {"type": "class", "label": self.label, "probabilities": self.probabilities}

    def __str__(self) -> str:
        return f"{self.label} {self.probabilities[self.label]:.2f}"


@dataclass(frozen=True)
class NumberPrediction:
    """The number of one picture, in the unit of the labels.

    Attributes:
        value: The number.
        low: Lower end of its 80 % interval, where the task predicts one.
        high: Upper end.
    """

    value: float
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape of one number task."""
        entry = {"type": "number", "value": self.value}
        return entry if self.low is None else {**entry, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        return f"{self.value:.4g}" + self.interval

    @property
    def interval(self) -> str:
        """The interval in brackets, or nothing."""
        return "" if self.low is None else f" ({self.low:.4g} to {self.high:.4g})"


TaskPrediction = TagsPrediction | ClassPrediction | NumberPrediction

"""The class of one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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

"""The tags of one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TagsPrediction:
    """The tags of one picture.

    Attributes:
        labels: Labels at or above their threshold, in class order.
        probabilities: Every label's probability.
        possible: Where asked for, labels that may hold: few true ones are not among them.
    """

    labels: list[str]
    probabilities: dict[str, float]
    possible: list[str] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape of one tags task."""
        entry = {"type": "tags", "labels": self.labels, "probabilities": self.probabilities}
        return entry if self.possible is None else {**entry, "possible": self.possible}

    def __str__(self) -> str:
        shown = [f"{label} {self.probabilities[label]:.2f}" for label in self.labels]
        return ", ".join(shown) or "(none)"

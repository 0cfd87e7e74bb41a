"""What each task type says of one picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polyhead.table.run_lengths import encode_region

LEAST_SHARE = 0.05  # of a picture: what covers less is not told in words


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
        is_count: Whether it counts things, so that it is shown with one decimal at most.
    """

    value: float
    low: float | None = None
    high: float | None = None
    is_count: bool = field(default=False, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape of one number task."""
        entry = {"type": "number", "value": self.value}
        return entry if self.low is None else {**entry, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        written = count_text if self.is_count else _few_digits
        shown = written(self.value)
        if self.low is None or self.high is None:
            return shown
        return f"{shown} ({written(self.low)} to {written(self.high)})"


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


@dataclass(frozen=True, eq=False)
class MaskPrediction:
    """The class of each pixel of one picture.

    Attributes:
        classes: Names in the order of the indices.
        mask: (H, W) uint8 class index of each pixel of the displayed picture; 255 is unknown.
    """

    classes: tuple[str, ...]
    mask: np.ndarray

    @property
    def shares(self) -> dict[str, float]:
        """The share of the picture that each class covers, largest first, absent ones left out.

        Unknown pixels are part of the picture, so that with them the shares sum to less than 1.
        """
        counts = self._counts / self.mask.size
        order = np.argsort(-counts, kind="stable").tolist()
        return {self.classes[k]: float(counts[k]) for k in order if counts[k]}

    @property
    def _counts(self) -> np.ndarray:
        """Pixels of each class; those of no class, such as 255, are none's."""
        return np.bincount(self.mask.ravel(), minlength=256)[: len(self.classes)]

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape of one mask task: COCO run lengths of each class that is present."""
        present = np.flatnonzero(self._counts)
        regions = [
            {"label": self.classes[k], "counts": encode_region(self.mask == k)} for k in present
        ]
        size = list(self.mask.shape)
        return {"type": "mask", "classes": list(self.classes), "size": size, "rle": regions}

    def __str__(self) -> str:
        shares = self.shares
        seen = [f"{label} {share:.0%}" for label, share in shares.items() if share >= LEAST_SHARE]
        return ", ".join(seen if len(seen) == len(shares) else [*seen, "…"])


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


TaskPrediction = (
    TagsPrediction | ClassPrediction | NumberPrediction | BoxesPrediction | MaskPrediction
)

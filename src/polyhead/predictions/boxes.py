"""The objects of one image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from PIL import Image

from polyhead.predictions.drawing.boxes import draw_boxes
from polyhead.predictions.drawing.palette import Paint
from polyhead.predictions.drawing.section import MAX_LEGEND, Bar, Section
from polyhead.predictions.task_prediction import SpatialPrediction


@dataclass(frozen=True)
class BoxesPrediction(SpatialPrediction):
    """The objects of one image, highest score first.

    Attributes:
        boxes_xyxy: x_min, y_min, x_max, y_max of each, in pixels of the displayed image.
        labels: What each is.
        scores: How sure each is, in [0, 1].
        classes: Every class of the task, so that each has the same colour in all drawings.
    """

    type: ClassVar[str] = "boxes"
    boxes_xyxy: list[list[float]]
    labels: list[str]
    scores: list[float]
    classes: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of one boxes task."""
        return {
            "type": self.type,
            "boxes_xyxy": self.boxes_xyxy,
            "labels": self.labels,
            "scores": self.scores,
        }

    def __str__(self) -> str:
        counts = Counter(self.labels).most_common()
        return ", ".join(f"{count} × {label}" for label, count in counts) or "(none)"

    def section(self, paints: Mapping[str, Paint]) -> Section:
        """The number of objects of each class, with its highest score."""
        best: dict[str, float] = {}
        for label, score in zip(self.labels, self.scores, strict=True):
            best[label] = max(best.get(label, 0.0), score)
        bars = [
            Bar(f"{count} × {label}", best[label], f"{best[label]:.2f}", paints[label], swatch=True)
            for label, count in Counter(self.labels).most_common()
        ]
        total = len(self.labels)
        answer = "none" if not total else "1 object" if total == 1 else f"{total} objects"
        return Section(answer, bars[:MAX_LEGEND], len(bars[MAX_LEGEND:]))

    def object_rows(self) -> Iterator[tuple[str, float, Sequence[float]]]:
        """Label, score and box of each object, highest score first."""
        yield from zip(self.labels, self.scores, self.boxes_xyxy, strict=True)

    def drawn_classes(self) -> list[str]:
        """The classes of the task, then those of any other label."""
        return [*self.classes, *sorted(set(self.labels) - set(self.classes))]

    def draw_on(
        self, image: Image.Image, size: tuple[int, int], paints: Mapping[str, Paint]
    ) -> Image.Image:
        """Boxes with labels and scores."""
        return draw_boxes(image, self.boxes_xyxy, self.labels, self.scores, size, paints)

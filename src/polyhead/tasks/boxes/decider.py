"""From dense arrays to the boxes that are shown, and their figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from polyhead.metrics import BoxesMeter
from polyhead.predictions import BoxesPrediction
from polyhead.table import BoxTargets
from polyhead.tasks.boxes.suppression import KeptBoxes, find_boxes
from polyhead.tasks.class_thresholds import read_thresholds
from polyhead.tasks.targets import Dense
from polyhead.tasks.task_decider import Meter, TaskDecider

UNFITTED = 0.3  # the score that shows a box before thresholds are fitted
LOWEST_SCORE = 0.01  # of boxes that figures are computed from


@dataclass(frozen=True)
class BoxesDecider(TaskDecider):
    """The decider of a boxes task.

    Attributes:
        name: Key in the YAML.
        classes: The K classes.
        thresholds: (K,) scores at and above which a box is shown; none before they are fitted.
        suppress: Whether boxes that overlap one of their class with a higher score are dropped.
    """

    type: ClassVar[str] = "boxes"
    score_name: ClassVar[str] = "AP"
    reading: ClassVar[str] = (
        "x_min, y_min, x_max, y_max in pixels of the displayed image, with a label and a score. "
        "Boxes below the score of their class in `classes.json` are not shown; those scores were "
        "fitted for F1 at IoU 0.5 on the validation part only."
    )
    is_spatial: ClassVar[bool] = True
    has_objects: ClassVar[bool] = True
    name: str
    classes: tuple[str, ...]
    thresholds: tuple[float, ...] = ()
    suppress: bool = True

    def select(self, dense: Dense, sizes: np.ndarray) -> list[BoxesPrediction]:
        """Boxes whose score reaches the threshold of their class."""
        thresholds = np.array(self.thresholds or (UNFITTED,) * len(self.classes))
        return [
            BoxesPrediction(
                found.boxes_xyxy.tolist(),
                [self.classes[label] for label in found.labels],
                found.scores.tolist(),
                self.classes,
            )
            for found in self._found(dense, sizes, thresholds)
        ]

    def candidates(self, dense: Dense, sizes: np.ndarray) -> list[KeptBoxes]:
        """Boxes of any score that counts, as figures need them."""
        return self._found(dense, sizes, np.full(len(self.classes), LOWEST_SCORE))

    def _found(self, dense: Dense, sizes: np.ndarray, thresholds: np.ndarray) -> list[KeptBoxes]:
        return [
            find_boxes(boxes, scores, (size[0], size[1]), thresholds, suppress=self.suppress)
            for boxes, scores, size in zip(
                dense["boxes"], dense["scores"], sizes.tolist(), strict=True
            )
        ]

    def meter(self) -> BoxesTaskMeter:
        """Figures of the candidates."""
        return BoxesTaskMeter(self)

    @classmethod
    def sample_size(cls, entry: Mapping[str, Any]) -> str:
        """True boxes."""
        return f"{entry['num_boxes']:,} boxes"

    @classmethod
    def known_text(cls, entry: Mapping[str, Any]) -> str:
        """How many images are annotated, and the boxes in them."""
        known, images = entry["num_images_known"], entry["num_images"]
        return f"{known:,} of {images:,} images annotated, {cls.sample_size(entry)}"

    @classmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> BoxesDecider:
        """From type, classes, thresholds and the way overlaps are treated.

        Raises:
            CheckpointError: The thresholds are not one a class.
        """
        thresholds, suppress = read_thresholds(name, entry), entry["nms"] == "greedy"
        return cls(name, tuple(entry["classes"]), thresholds, suppress)

    def to_dict(self) -> dict[str, Any]:
        """Type, classes in order, thresholds and the way overlaps are treated."""
        return {
            "type": self.type,
            "classes": list(self.classes),
            "thresholds": list(self.thresholds or (UNFITTED,) * len(self.classes)),
            "nms": "greedy" if self.suppress else "none",
        }


class BoxesTaskMeter(Meter):
    """A `BoxesMeter` that sees the candidates.

    Args:
        decider: Finds them.
    """

    def __init__(self, decider: BoxesDecider) -> None:
        self._decider, self._meter = decider, BoxesMeter(decider.classes)

    def update(self, dense: Dense, targets: BoxTargets) -> None:
        """Take one batch."""
        found = self._decider.candidates(dense, targets.sizes)
        self._meter.update(
            [boxes.boxes_xyxy for boxes in found],
            [boxes.labels for boxes in found],
            [boxes.scores for boxes in found],
            targets,
        )

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The task's part of `evaluation.json`."""
        return self._meter.compute(intervals=intervals)

    def fit(self, config: Any) -> BoxesDecider:
        """The decider with the thresholds of the best F1 at IoU 0.5."""
        del config
        values = self._meter.thresholds().values
        return replace(self._decider, thresholds=tuple(float(value) for value in values))

    def result_files(self) -> dict[str, Any]:
        """Every candidate, in COCO's results format."""
        return {"coco": self._meter.coco_results()}

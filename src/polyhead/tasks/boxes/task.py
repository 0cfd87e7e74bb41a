"""Task type `boxes`: labelled boxes around objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from polyhead.errors import DataError
from polyhead.metrics import BoxesMeter
from polyhead.predictions import BoxesPrediction
from polyhead.registry import Component, ComponentField
from polyhead.table import OBJECTS, Boxes, BoxTargets, Table
from polyhead.tasks.boxes.cells import choose_column, object_classes
from polyhead.tasks.boxes.suppression import KeptBoxes, find_boxes
from polyhead.tasks.boxes.targets import encode_boxes
from polyhead.tasks.class_names import ClassNames
from polyhead.tasks.class_thresholds import read_thresholds
from polyhead.tasks.task import UNKNOWN, Dense, Encoding, Task, TaskConfig

UNFITTED = 0.3  # the score that shows a box before thresholds are fitted
LOWEST_SCORE = 0.01  # of boxes that figures are computed from
PADDING = -1  # label of a row that is no box


class BoxesConfig(TaskConfig):
    """Keys of a boxes task."""

    type: Literal["boxes"]
    column: str | None = Field(
        default=None, description="The task's own name, else `objects`, unless given."
    )
    classes: ClassNames = Field(default=(), description="Found in the table unless given.")
    difficult: Literal["ignore", "keep"] = Field(
        default="ignore", description="Objects declared difficult: neither right nor wrong, or any."
    )
    nms: Literal["greedy", "none"] = Field(
        default="greedy", description="none trains a branch that gives one box an object."
    )
    head: ComponentField = Component(name="boxes")
    loss: ComponentField = Component(name="detection")

    @model_validator(mode="before")
    @classmethod
    def _one_to_one(cls, value: Any) -> Any:
        """Tell the head of the branch that needs no suppression; its loss sees the outputs."""
        if not isinstance(value, dict) or value.get("nms") != "none":
            return value
        return {**value, "head": _with_branch(value.get("head") or "boxes")}

    def resolve(self, name: str, table: Table) -> BoxesTask:
        """The task with its classes, which the table tells unless they are declared."""
        column = choose_column(table, self.column, name, OBJECTS)
        classes = self.classes or object_classes(table, column)
        if not classes:
            message = f'column "{column}" names no object in any of {len(table)} rows'
            raise DataError(f"{table.source}: {message}; expected some, or declare `classes`.")
        return BoxesTask(name, classes, self, suppress=self.nms == "greedy")


def _with_branch(head: Any) -> Any:
    """A head as the YAML has it, with the branch switched on."""
    if isinstance(head, Component):
        head = head.model_dump()
    keys = {"name": head} if isinstance(head, str) else head
    return {"one_to_one": "true", **keys} if isinstance(keys, dict) else head


@dataclass(frozen=True)
class BoxesTask(Task):
    """A boxes task whose K classes are settled.

    Attributes:
        name: Key in the YAML.
        classes: The K classes.
        config: Where the objects stand in the table; None once trained.
        thresholds: (K,) scores at and above which a box is shown.
        suppress: Whether boxes that overlap a surer one of their class are dropped.
    """

    type: ClassVar[str] = "boxes"
    score_name: ClassVar[str] = "AP"
    name: str
    classes: tuple[str, ...]
    config: BoxesConfig | None = None
    thresholds: tuple[float, ...] = ()
    suppress: bool = True

    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:
        """`BoxTargets` of all rows; boxes of which nothing can be made are left out."""
        assert self.config is not None
        column = choose_column(table, self.config.column, self.name, OBJECTS)
        sizes = np.zeros((len(table), 2), np.int32) if sizes is None else sizes
        targets, faults = encode_boxes(
            table,
            column,
            self.classes,
            sizes,
            keep_difficult=self.config.difficult == "keep",
            is_declared=bool(self.config.classes),
        )
        return Encoding(targets, faults)

    def read_from(self, config: BoxesConfig) -> BoxesTask:
        """The same classes as if they had been declared."""
        return replace(self, config=config.model_copy(update={"classes": self.classes}))

    def known(self, targets: BoxTargets) -> np.ndarray:
        """(N, K) classes that each picture was looked through for."""
        return targets.known

    def stack(self, samples: Sequence[Boxes]) -> tuple[np.ndarray, np.ndarray]:
        """Boxes of a batch, padded to the picture with the most.

        Returns:
            (B, M, 6) float32 of x_min, y_min, x_max, y_max, label, ignored (0 or 1), where label
            -1 marks a row that is no box; and (B, K) known classes.
        """
        most = max(1, *(len(sample) for sample in samples))
        targets = np.zeros((len(samples), most, 6), np.float32)
        targets[:, :, 4] = PADDING
        for row, sample in zip(targets, samples, strict=True):
            row[: len(sample), :4] = sample.boxes_xyxy
            row[: len(sample), 4] = sample.labels
            row[: len(sample), 5] = sample.ignored
        return targets, np.stack([sample.known for sample in samples])

    def stratify(self, targets: BoxTargets) -> np.ndarray:
        """One yes/no column per class: whether a box of it is there."""
        return labels_there(targets)

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
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> BoxesTask:
        """From type, classes, thresholds and the way overlaps are treated.

        Raises:
            CheckpointError: The thresholds are not one a class.
        """
        thresholds, suppress = read_thresholds(name, entry), entry["nms"] == "greedy"
        return cls(name, tuple(entry["classes"]), thresholds=thresholds, suppress=suppress)

    def to_dict(self) -> dict[str, Any]:
        """Type, classes in order, thresholds and the way overlaps are treated."""
        return {
            "type": self.type,
            "classes": list(self.classes),
            "thresholds": list(self.thresholds or (UNFITTED,) * len(self.classes)),
            "nms": "greedy" if self.suppress else "none",
        }


class BoxesTaskMeter:
    """A `BoxesMeter` that sees the candidates.

    Args:
        task: Finds them.
    """

    def __init__(self, task: BoxesTask) -> None:
        self._task, self._meter = task, BoxesMeter(task.classes)

    def update(self, dense: Dense, targets: BoxTargets) -> None:
        """Take one batch."""
        found = self._task.candidates(dense, targets.sizes)
        self._meter.update(
            [boxes.boxes_xyxy for boxes in found],
            [boxes.labels for boxes in found],
            [boxes.scores for boxes in found],
            targets,
        )

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The task's part of `evaluation.json`."""
        return self._meter.compute(intervals=intervals)

    def fit(self) -> BoxesTask:
        """The task with the thresholds of the best F1 at IoU 0.5."""
        values = self._meter.thresholds().values
        return replace(self._task, thresholds=tuple(float(value) for value in values))

    def coco_results(self) -> list[dict[str, Any]]:
        """What was found, in COCO's results format."""
        return self._meter.coco_results()


def labels_there(targets: BoxTargets) -> np.ndarray:
    """(N, K) int8: 1 where a box of the class is there, 0 where none is, -1 where nobody knows.

    A class of which only an ignored box is there is unknown: perhaps it can be seen, perhaps not.
    """
    there = np.where(targets.known, np.int8(0), UNKNOWN)
    for ignored, value in ((True, UNKNOWN), (False, np.int8(1))):
        chosen = targets.ignored == ignored
        there[targets.rows[chosen], targets.labels[chosen]] = value
    return there

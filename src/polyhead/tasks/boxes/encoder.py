"""From the objects of a table to the targets of a boxes task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from polyhead.table import OBJECTS, BoxTargets, ImageBoxes, Table
from polyhead.tasks.boxes.box_cells import choose_column
from polyhead.tasks.boxes.decider import BoxesDecider
from polyhead.tasks.boxes.moved_boxes import join_boxes, move_boxes
from polyhead.tasks.boxes.targets import encode_boxes
from polyhead.tasks.steps import Step
from polyhead.tasks.targets import UNKNOWN, Size
from polyhead.tasks.task_encoder import Encoding, TaskEncoder

if TYPE_CHECKING:
    from polyhead.tasks.boxes.config import BoxesConfig

PADDING = -1  # label of a row that is no box


@dataclass(frozen=True)
class BoxesEncoder(TaskEncoder):
    """The encoder of a boxes task.

    Attributes:
        name: Key in the YAML.
        classes: The K classes.
        config: The task's keys.
    """

    type: ClassVar[str] = "boxes"
    is_spatial: ClassVar[bool] = True
    name: str
    classes: tuple[str, ...]
    config: BoxesConfig

    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:
        """`BoxTargets` of all rows; unusable boxes are left out."""
        column = choose_column(table, self.config.column, self.name, OBJECTS)
        targets, faults = encode_boxes(
            table,
            column,
            self.classes,
            np.zeros((len(table), 2), np.int32) if sizes is None else sizes,
            keep_difficult=self.config.difficult == "keep",
            is_declared=bool(self.config.classes),
        )
        return Encoding(targets, faults)

    def known(self, targets: BoxTargets) -> np.ndarray:
        """(N, K) classes that each image was annotated for."""
        return targets.known

    def stack(self, samples: Sequence[ImageBoxes]) -> tuple[np.ndarray, np.ndarray]:
        """Boxes of a batch, padded to the image with the most.

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

    def label_matrix(self, targets: BoxTargets) -> np.ndarray:
        """(N, K) int8: 1 where a box of the class is there, 0 where none is, -1 unknown.

        A class of which only an ignored box is there is unknown: perhaps it can be seen, perhaps
        not.
        """
        there = np.where(targets.known, np.int8(0), UNKNOWN)
        _mark(there, (targets.rows, targets.labels), targets.ignored)
        return there

    def sample(self, targets: BoxTargets, row: int, size: Size) -> ImageBoxes:
        """The boxes of one row, in pixels of the resized image."""
        return targets[row].resized(targets.sizes[row], size)

    def move(self, target: ImageBoxes, steps: Sequence[Step], size: Size) -> ImageBoxes:
        """The boxes where the steps put them; those that are gone are dropped."""
        return move_boxes(target, steps, size)

    def join(self, targets: Sequence[ImageBoxes], *, overlaid: bool) -> ImageBoxes:
        """All boxes, of the classes that every image was annotated for."""
        del overlaid
        return join_boxes(targets)

    def labels_in(self, target: ImageBoxes, before: np.ndarray) -> np.ndarray:
        """(K,) int8, as `label_matrix` has them, of the boxes that are left."""
        del before
        there = np.where(target.known, np.int8(0), UNKNOWN)
        _mark(there, (target.labels,), target.ignored)
        return there

    def searched(self, target: ImageBoxes | BoxTargets) -> np.ndarray:
        """(…, K) bool, as annotated."""
        return target.known

    def decider(self) -> BoxesDecider:
        """The unfitted decider; overlaps are suppressed unless the head needs no suppression."""
        return BoxesDecider(self.name, self.classes, suppress=self.config.nms == "greedy")


def _mark(there: np.ndarray, places: tuple[np.ndarray, ...], ignored: np.ndarray) -> None:
    """Mark in `there` the classes of M boxes; one that counts outweighs ignored ones.

    Args:
        there: (…, K) int8.
        places: (M,) indices of each box along every axis of `there`.
        ignored: (M,) bool.
    """
    for is_ignored, value in ((True, UNKNOWN), (False, np.int8(1))):
        chosen = ignored == is_ignored
        there[tuple(place[chosen] for place in places)] = value

"""COCO's average precision and recall of boxes, for any weighting of the images."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from polyhead.metrics.boxes.box_matching import (
    AREA_RANGES,
    IGNORED,
    IOU_THRESHOLDS,
    RIGHT,
    FoundBoxes,
    TrueBoxes,
    match_boxes,
)
from polyhead.metrics.ratios import ratio

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Places of the recall axis where precision is read.
RECALLS = np.linspace(0, 1, 101)
ALL_SIZES = 0


@dataclass(frozen=True)
class MatchedBoxes:
    """Found boxes with what each turned out to be, and the boxes that were to be found.

    Attributes:
        images: (D,) int64 row of the image of each found box.
        labels: (D,) int64 index of the class.
        scores: (D,) float64.
        boxes_xyxy: (D, 4) float64 pixels.
        outcomes: (D, A, T) uint8 of `match_boxes`.
        true_images: (M,) int64 row of the image of each true box.
        true_labels: (M,) int64 index of the class.
        counted: (M, A) bool, whether it is to be found, a size range.
    """

    images: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    boxes_xyxy: np.ndarray
    outcomes: np.ndarray
    true_images: np.ndarray
    true_labels: np.ndarray
    counted: np.ndarray

    @classmethod
    def of(cls, found: FoundBoxes, truth: TrueBoxes, rows: np.ndarray) -> MatchedBoxes:
        """Match the boxes of a batch; `rows[i]` is the row of its image i among all images."""
        return cls(
            rows[found.images],
            found.labels,
            found.scores,
            found.boxes_xyxy,
            match_boxes(found, truth),
            rows[truth.images],
            truth.labels,
            truth.counted(),
        )

    @classmethod
    def joined(cls, parts: list[MatchedBoxes]) -> MatchedBoxes:
        """Several batches as one."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def num_boxes(self, num_classes: int) -> np.ndarray:
        """(K,) int64, boxes of each class that are to be found."""
        return np.bincount(self.true_labels[self.counted[:, ALL_SIZES]], minlength=num_classes)


class BoxRanking:
    """Matched boxes sorted once, for average precision under many weightings of the images.

    Equals COCO's evaluation where every image counts once and, but for equal scores, that of a
    set which holds image n `weights[n]` times.

    Args:
        matched: The boxes.
        image_ids: (N,) int64; of equal scores the lower image comes first, as in COCO.
        num_classes: K.
    """

    def __init__(self, matched: MatchedBoxes, image_ids: np.ndarray, num_classes: int) -> None:
        self._matched = matched
        self.num_images, self.num_classes = len(image_ids), num_classes
        order = np.lexsort((image_ids[matched.images], -matched.scores, matched.labels))
        ends = np.searchsorted(matched.labels[order], np.arange(num_classes), side="right")
        self._classes = np.split(order, ends)[:num_classes]

    def evaluate(
        self, weights: np.ndarray, size_range: int = ALL_SIZES
    ) -> tuple[np.ndarray, np.ndarray]:
        """Average precision and final recall of every class and IoU threshold.

        AP = mean over the recalls 0, .01, …, 1 of the highest precision at that recall or above.

        Args:
            weights: (N,), or (N, R) for R weightings at once; each >= 0.
            size_range: Row of `AREA_RANGES`.

        Returns:
            (K, T) or (K, T, R) float64 each, NaN where no weight lies on a box of the class.
        """
        columns = weights[:, None] if weights.ndim == 1 else weights
        positives = self._positives(columns, size_range)
        shape = (2, self.num_classes, len(IOU_THRESHOLDS), columns.shape[1])
        figures = np.full(shape, np.nan)
        for c in np.flatnonzero(positives.any(axis=1)):
            for t in range(len(IOU_THRESHOLDS)):
                outcomes = self._matched.outcomes[self._classes[c], size_range, t]
                figures[:, c, t] = self._curve(self._classes[c], outcomes, columns, positives[c])
        average_precision, recall = figures.reshape(*shape[:3], *weights.shape[1:])
        return average_precision, recall

    def _positives(self, weights: np.ndarray, size_range: int) -> np.ndarray:
        """(K, R): the weight of the boxes of each class."""
        from scipy.sparse import csr_array

        counted = self._matched.counted[:, size_range]
        images = self._matched.true_images[counted]
        cells = (np.ones(len(images)), (self._matched.true_labels[counted], images))
        return csr_array(cells, shape=(self.num_classes, self.num_images)) @ weights

    def _curve(
        self, rows: np.ndarray, outcomes: np.ndarray, weights: np.ndarray, positives: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Average precision and recall (R,) of one class at one IoU threshold."""
        images, right = self._matched.images[rows], outcomes == RIGHT
        # Recall moves, and precision peaks, at right boxes alone: a step each.
        hits = weights[images[right]]
        found = np.cumsum(self._steps(images, right, outcomes != IGNORED) @ weights, axis=0)
        recalled = np.cumsum(hits, axis=0)
        # A step whose images and all before weigh 0 has no precision, and no recall to read it at.
        precision = np.nan_to_num(ratio(recalled, found))
        highest = np.maximum.accumulate(precision[::-1])[::-1]
        recall = ratio(recalled, positives)
        reached = np.searchsorted(RECALLS, recall, side="right")
        read = np.diff(reached, axis=0, prepend=0)
        undefined = np.where(positives > 0, 0.0, np.nan)
        final = recall[-1] if len(recall) else undefined
        return undefined + (highest * read).sum(axis=0) / len(RECALLS), undefined + final

    def _steps(self, images: np.ndarray, right: np.ndarray, counted: np.ndarray) -> csr_array:
        """(G, N) matrix that sums the boxes after the right one before, up to each right one."""
        from scipy.sparse import csr_array

        num_steps = int(right.sum())
        step = np.cumsum(right) - right
        within = counted & (step < num_steps)
        starts = np.searchsorted(step[within], np.arange(num_steps + 1))
        cells = (np.ones(int(within.sum())), images[within], starts)
        return csr_array(cells, shape=(num_steps, self.num_images))


def no_matches() -> MatchedBoxes:
    """No image, no box."""
    nowhere = np.zeros(0, np.int64)
    outcomes = np.zeros((0, len(AREA_RANGES), len(IOU_THRESHOLDS)), np.uint8)
    counted = np.zeros((0, len(AREA_RANGES)), bool)
    boxes = np.zeros((0, 4))
    return MatchedBoxes(nowhere, nowhere, np.zeros(0), boxes, outcomes, nowhere, nowhere, counted)

"""Which of many overlapping boxes to keep: threshold, rank, greedy suppression; numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyhead.errors import DivergedError

MAX_RANKED = 300  # (point, class) pairs that enter the suppression
MAX_KEPT = 100  # what COCO counts
MAX_IOU = 0.6  # of two kept boxes of one class


@dataclass(frozen=True, eq=False)
class KeptBoxes:
    """The boxes kept in one image, highest score first.

    Attributes:
        boxes_xyxy: (D, 4) float64, pixels of the displayed image, inside it.
        labels: (D,) int64, index of the class.
        scores: (D,) float32 in [0, 1].
    """

    boxes_xyxy: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)


def find_boxes(
    fractions_xyxy: np.ndarray,
    scores: np.ndarray,
    size: tuple[int, int],
    thresholds: np.ndarray,
    *,
    suppress: bool = True,
) -> KeptBoxes:
    """The boxes of one image from the dense outputs at its N points.

    Pairs of point and class whose score reaches the class's threshold; the best 300 of them;
    per class greedily suppressed above an IoU of 0.6; the best 100; clipped to the image. Equal
    scores rank in the order of points, then classes.

    Args:
        fractions_xyxy: (N, 4) boxes in fractions of the image.
        scores: (N, K) in [0, 1].
        size: Height and width of the displayed image.
        thresholds: (K,).
        suppress: False where the network gives one box an object.

    Raises:
        DivergedError: A score, or a box that scores high enough, is not finite.
    """
    pairs = np.flatnonzero(scores >= thresholds.astype(scores.dtype))
    pairs = pairs[rank(scores.ravel()[pairs], MAX_RANKED)]
    points, labels = np.divmod(pairs, scores.shape[1])
    height, width = size
    limits = np.array([width, height] * 2, np.float64)
    boxes = fractions_xyxy[points] * limits
    if not np.isfinite(boxes).all() or np.isnan(scores).any():
        raise DivergedError("a predicted box is not finite; the weights have diverged.")
    found = scores.ravel()[pairs]
    if suppress:
        kept = suppress_overlaps(boxes, labels)
        boxes, labels, found = boxes[kept], labels[kept], found[kept]
    boxes = np.clip(boxes, 0, limits)
    kept = np.flatnonzero((boxes[:, :2] < boxes[:, 2:]).all(1))[:MAX_KEPT]
    return KeptBoxes(boxes[kept], labels[kept], found[kept])


def rank(scores: np.ndarray, limit: int) -> np.ndarray:
    """Places of the `limit` highest of (n,) scores, highest first, equal ones in their order."""
    places = np.arange(len(scores))
    if len(scores) > limit:
        places = np.flatnonzero(scores >= np.partition(scores, -limit)[-limit])
    return places[np.argsort(-scores[places], kind="stable")][:limit]


def suppress_overlaps(boxes_xyxy: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Greedy class-aware suppression.

    A box is kept unless its IoU with a kept box before it of the same class exceeds `MAX_IOU`.

    Args:
        boxes_xyxy: (D, 4), highest score first.
        labels: (D,) classes.

    Returns:
        (D,) bool.
    """
    overlapping = (box_iou(boxes_xyxy) > MAX_IOU) & (labels[:, None] == labels)
    kept = np.ones(len(labels), bool)
    for place in np.flatnonzero(np.triu(overlapping, 1).any(1)):
        if kept[place]:
            kept[place + 1 :] &= ~overlapping[place, place + 1 :]
    return kept


def box_iou(boxes_xyxy: np.ndarray) -> np.ndarray:
    """(D, D) intersection over union of D boxes; 0 where a box has no area."""
    x_min, y_min, x_max, y_max = boxes_xyxy.T
    # A reduction over an axis of two costs many times what these plain products do.
    widths = np.minimum.outer(x_max, x_max) - np.maximum.outer(x_min, x_min)
    heights = np.minimum.outer(y_max, y_max) - np.maximum.outer(y_min, y_min)
    shared = np.maximum(widths, 0) * np.maximum(heights, 0)
    areas = np.maximum(x_max - x_min, 0) * np.maximum(y_max - y_min, 0)
    union = np.add.outer(areas, areas) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)

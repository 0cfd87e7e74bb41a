"""Decision thresholds of a boxes task, fitted on validation."""

from __future__ import annotations

import numpy as np

from polyhead.metrics.boxes.box_matching import IGNORED, RIGHT
from polyhead.metrics.boxes.box_ranking import ALL_SIZES, MatchedBoxes
from polyhead.metrics.thresholds.thresholds import Thresholds, best_f1_threshold

AT_50 = 0
# True boxes at which a class's own threshold and the global one weigh the same.
SHRINKAGE = 10


def fit_score_thresholds(matched: MatchedBoxes, num_known: np.ndarray) -> Thresholds:
    """The score at or above which a box is shown, of best F1 at IoU 0.5.

    t_c = w t*_c + (1 − w) t_global with w = n / (n + 10), where n
    counts the true boxes of class c. Boxes on ignored ones count neither way.

    Args:
        matched: Boxes of a validation set.
        num_known: (K,) int64, images that were annotated for each class.

    Returns:
        A threshold a class: the global one where nothing of a class is found, 0.5 where
        nothing is found at all.
    """
    outcomes = matched.outcomes[:, ALL_SIZES, AT_50]
    num_boxes = matched.num_boxes(len(num_known))

    def best(judged: np.ndarray, total: int) -> float:
        right = outcomes[judged] == RIGHT
        scores = matched.scores[judged].astype(np.float32)
        return best_f1_threshold(scores, right, total - int(right.sum()))

    judged = outcomes != IGNORED
    shared = best(judged, int(num_boxes.sum()))
    values = np.full(len(num_known), shared)
    for c in np.unique(matched.labels[outcomes == RIGHT]):
        weight = num_boxes[c] / (num_boxes[c] + SHRINKAGE)
        own = best(judged & (matched.labels == c), int(num_boxes[c]))
        values[c] = weight * own + (1 - weight) * shared
    return Thresholds(values.astype(np.float32), shared, num_boxes, num_known)

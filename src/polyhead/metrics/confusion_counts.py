"""Hits and misses of each label, and the precision, recall and F1 family over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyhead.metrics.ratios import mean_defined, ratio


@dataclass(frozen=True)
class ConfusionCounts:
    """How often each label was predicted rightly, predicted wrongly and missed.

    The figures leave out labels without a positive; `of1` pools every label. Each is over the
    first axis, so that R weightings of the images are R columns.

    Attributes:
        true_positives: (L,) or (L, R) float64.
        false_positives: Likewise.
        false_negatives: Likewise.
    """

    true_positives: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray

    def __add__(self, other: ConfusionCounts) -> ConfusionCounts:
        """The counts of two sets of images together."""
        return ConfusionCounts(
            self.true_positives + other.true_positives,
            self.false_positives + other.false_positives,
            self.false_negatives + other.false_negatives,
        )

    @property
    def positives(self) -> np.ndarray:
        """TP + FN: how often each label is true."""
        return self.true_positives + self.false_negatives

    @property
    def precision(self) -> np.ndarray:
        """TP / (TP + FP); 0 for a label never predicted, NaN for one without positives."""
        found = np.nan_to_num(
            ratio(self.true_positives, self.true_positives + self.false_positives)
        )
        return np.where(self.positives > 0, found, np.nan)

    @property
    def recall(self) -> np.ndarray:
        """TP / (TP + FN); NaN for a label without positives."""
        return ratio(self.true_positives, self.positives)

    @property
    def f1(self) -> np.ndarray:
        """2 TP / (2 TP + FP + FN); NaN for a label without positives."""
        found = ratio(2 * self.true_positives, self.positives + self._predicted)
        return np.where(self.positives > 0, found, np.nan)

    @property
    def cf1(self) -> np.ndarray:
        """2 P R / (P + R) of the mean precision P and mean recall R over labels, as papers do."""
        return f1_of_means(self.precision, self.recall)

    @property
    def macro_f1(self) -> np.ndarray:
        """Mean of the labels' own F1, which other code calls CF1."""
        return mean_defined(self.f1)

    @property
    def of1(self) -> np.ndarray:
        """F1 of all cells pooled (micro); NaN when nothing is true and nothing predicted."""
        hits = self.true_positives.sum(axis=0)
        return ratio(2 * hits, self.positives.sum(axis=0) + self._predicted.sum(axis=0))

    @property
    def _predicted(self) -> np.ndarray:
        return self.true_positives + self.false_positives


def f1_of_means(precision: np.ndarray, recall: np.ndarray) -> np.ndarray:
    """2 P R / (P + R) of the mean precision P and mean recall R over labels.

    Args:
        precision: (L,) or (L, R); NaN for a label that is left out.
        recall: Likewise.

    Returns:
        () or (R,) float64: 0 where both are 0, NaN without a label.
    """
    mean_precision, mean_recall = mean_defined(precision), mean_defined(recall)
    total = mean_precision + mean_recall
    harmonic = np.nan_to_num(ratio(2 * mean_precision * mean_recall, total))
    return np.where(np.isnan(mean_recall), np.nan, harmonic)


def count_labels(
    predicted: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
) -> ConfusionCounts:
    """Count the labels of a tags task over known cells.

    Args:
        predicted: (N, L) bool, the predicted labels.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        weights: (N,) or (N, R) how often each image counts; once when None.

    Returns:
        Counts (L,) or (L, R).

    >>> counts = count_labels(np.array([[True], [True]]), np.array([[1], [0]]))
    >>> counts.precision, counts.recall
    (array([0.5]), array([1.]))
    """
    from scipy.sparse import csr_array

    weights = np.ones(len(targets)) if weights is None else weights
    events = (predicted & (targets == 1), predicted & (targets == 0), ~predicted & (targets == 1))
    if weights.ndim == 1:
        return ConfusionCounts(*(weights @ event for event in events))
    return ConfusionCounts(*(csr_array(event.T, dtype=weights.dtype) @ weights for event in events))


def count_classes(
    predicted: np.ndarray, targets: np.ndarray, num_classes: int, weights: np.ndarray | None = None
) -> ConfusionCounts:
    """Count the classes of a class task over known rows, one class against the rest.

    Args:
        predicted: (N,) index of the predicted class.
        targets: (N,) index of the true class, -1 unknown.
        num_classes: K.
        weights: (N,) or (N, R) how often each image counts; once when None.

    Returns:
        Counts (K,) or (K, R).
    """
    from scipy.sparse import csr_array

    weights = np.ones(len(targets)) if weights is None else weights

    def total(classes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        cells = (np.ones(len(rows)), (classes[rows], rows))
        return csr_array(cells, shape=(num_classes, len(targets))) @ weights

    right = np.flatnonzero(predicted == targets)
    wrong = np.flatnonzero((targets >= 0) & (predicted != targets))
    return ConfusionCounts(total(targets, right), total(predicted, wrong), total(targets, wrong))


def confusion_matrix(predicted: np.ndarray, targets: np.ndarray, num_classes: int) -> np.ndarray:
    """Count the images of each true class (row) that were predicted as each class (column).

    Args:
        predicted: (N,) index of the predicted class.
        targets: (N,) index of the true class, -1 unknown.
        num_classes: K.

    Returns:
        (K, K) int64.
    """
    known = targets >= 0
    cells = targets[known].astype(np.int64) * num_classes + predicted[known]
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)

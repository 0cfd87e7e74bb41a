"""Average precision over known cells, tie-aware, for any weighting of the images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyhead.metrics.known_cells import check_cells
from polyhead.metrics.ratios import mean_defined, ratio
from polyhead.metrics.tags.precision_steps import (
    Column,
    columns_of,
    exact_area,
    precision_steps,
)


@dataclass(frozen=True)
class MeanAveragePrecision:
    """Mean average precision, with what it was taken over.

    Attributes:
        value: Mean of the classes that have a known positive; NaN when none has.
        per_class: (L,) float64, NaN for a class without a known positive.
        num_evaluated: Classes in the mean.
        num_total: L.
    """

    value: float
    per_class: np.ndarray
    num_evaluated: int
    num_total: int


class Ranking:
    """Average precision of every class under many weightings of the images.

    Works column by column: besides the scores and targets, which are kept and not copied, it needs
    room for one column and its weights.

    Args:
        scores: (N, L) logits or probabilities, float32 or float64; only their order counts.
        targets: (N, L) 1 yes, 0 no, -1 unknown.

    Raises:
        ValueError: Shapes or values do not fit.
        DivergedError: The score of a known cell is NaN.
    """

    def __init__(self, scores: np.ndarray, targets: np.ndarray) -> None:
        check_cells(scores, targets)
        self.scores, self.targets = scores, targets

    def average_precision(self, weights: np.ndarray) -> np.ndarray:
        """Average precision of every class when image n counts `weights[n]` times.

        Args:
            weights: (N,), or (N, R) for R weightings at once; each >= 0.

        Returns:
            (L,) or (L, R) float64; NaN where no weight lies on a positive.
        """
        columns = columns_of(self.scores, self.targets)
        if weights.ndim == 1 and (weights == 1).all():
            found = [exact_area(precision_steps(column)) for column in columns]
        else:
            found = [_weighted(column, weights) for column in columns]
        return np.array(found).reshape(self.scores.shape[1], *weights.shape[1:])


def _weighted(column: Column, weights: np.ndarray) -> np.ndarray:
    """Of one class, (R,) or ().

    A step ends at each distinct score that has a positive: recall moves nowhere else, and cells of
    one score enter together, so the order among ties cannot matter.
    """
    rows = np.flatnonzero(column.targets >= 0)
    scores, hits = column.scores[rows], column.targets[rows] == 1
    ends = np.unique(-scores[hits])
    step = np.searchsorted(ends, -scores)
    cells = _step_sums(rows, step, len(ends), weights)
    positives = _step_sums(rows[hits], step[hits], len(ends), weights)
    recalled = np.cumsum(positives, axis=0)
    # A step whose images all weigh 0 has no precision, and no positive to count it for.
    precision = np.nan_to_num(ratio(recalled, np.cumsum(cells, axis=0)))
    return ratio((positives * precision).sum(axis=0), positives.sum(axis=0))


def _step_sums(
    rows: np.ndarray, step: np.ndarray, num_steps: int, weights: np.ndarray
) -> np.ndarray:
    """(G,) or (G, R): what the rows of each step weigh together."""
    from scipy.sparse import csr_array

    order = np.argsort(step)
    starts = np.searchsorted(step[order], np.arange(num_steps + 1))
    kept = rows[order[: starts[-1]]]
    ones = np.ones(len(kept), weights.dtype)
    sums = csr_array((ones, kept, starts), (num_steps, len(weights))) @ weights
    return sums.astype(np.float64)


def average_precision(
    scores: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Average precision of each class over its known cells.

    AP = Σ_i (R_i − R_{i−1}) P_i over the distinct scores in falling order, with precision P_i and
    recall R_i of everything at or above score i. Equal scores enter together, as in scikit-learn's
    `average_precision_score`, which however calls a class without positives 0.

    Args:
        scores: (N, L) logits or probabilities, float32 or float64.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        weights: (N,) how often each image counts; once when None.

    Returns:
        (L,) float64, NaN for a class without a known positive.

    Raises:
        ValueError: Shapes or values do not fit.
        DivergedError: The score of a known cell is NaN.

    >>> scores = np.array([[0.9], [0.8], [0.7], [0.1]], dtype=np.float32)
    >>> average_precision(scores, np.array([[1], [0], [1], [-1]])).round(4)
    array([0.8333])
    """
    weights = np.ones(len(scores)) if weights is None else weights
    return Ranking(scores, targets).average_precision(weights)


def mean_average_precision(scores: np.ndarray, targets: np.ndarray) -> MeanAveragePrecision:
    """Mean of `average_precision` over the classes with a known positive.

    Args:
        scores: (N, L) logits or probabilities, float32 or float64.
        targets: (N, L) 1 yes, 0 no, -1 unknown.

    Returns:
        The mean, the classes, and how many of them count.

    Raises:
        ValueError: Shapes or values do not fit.
        DivergedError: The score of a known cell is NaN.
    """
    per_class = average_precision(scores, targets)
    evaluated = int((~np.isnan(per_class)).sum())
    return MeanAveragePrecision(
        float(mean_defined(per_class)), per_class, evaluated, len(per_class)
    )

"""Quality of each image's label ranking: LRAP, coverage error, ranking loss; the top k labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyhead.metrics.known_cells import check_cells, row_blocks
from polyhead.metrics.ratios import ratio


@dataclass(frozen=True)
class LabelRanking:
    """One figure an image, each over its known labels alone; NaN for an image without any.

    Attributes:
        lrap: (N,) mean over positives j of #{positives >= s_j} / #{labels >= s_j}; 1 when none or
            all labels are positive.
        coverage: (N,) #{labels >= the lowest positive score}; 0 without a positive.
        ranking_loss: (N,) share of (positive, negative) pairs with s_pos <= s_neg; 0 when there is
            no such pair.
    """

    lrap: np.ndarray
    coverage: np.ndarray
    ranking_loss: np.ndarray


def rank_labels(scores: np.ndarray, targets: np.ndarray) -> LabelRanking:
    """Rank the labels of each image among its known ones.

    With every cell known the means are scikit-learn's `label_ranking_average_precision_score`,
    `coverage_error` and `label_ranking_loss`.

    Args:
        scores: (N, L) logits or probabilities; only their order within a row counts.
        targets: (N, L) 1 yes, 0 no, -1 unknown.

    Raises:
        ValueError: Shapes or values do not fit.
        DivergedError: The score of a known cell is NaN.
    """
    check_cells(scores, targets)
    found = np.full((3, len(scores)), np.nan)
    for rows in row_blocks(scores.shape):
        found[:, rows] = _ranked(scores[rows], targets[rows])
    return LabelRanking(*found)


def top_labels(scores: np.ndarray, targets: np.ndarray, num_labels: int) -> np.ndarray:
    """(N, L) bool: the k labels of the highest scores among each image's known ones.

    Equal scores go by column. Unlike some papers' top 3, no threshold has to be reached besides.

    Args:
        scores: (N, L) logits or probabilities.
        targets: (N, L) 1 yes, 0 no, -1 unknown; shows only which labels are known.
        num_labels: k.
    """
    predicted = np.zeros(scores.shape, bool)
    for rows in row_blocks(scores.shape):
        order = np.argsort(_lowest_first(scores[rows], targets[rows] >= 0), axis=1, kind="stable")
        np.put_along_axis(predicted[rows], order[:, :num_labels], True, axis=1)
        predicted[rows] &= targets[rows] >= 0
    return predicted


def _lowest_first(scores: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Scores whose rising order is the ranking, unknown cells last: NaN sorts behind infinity."""
    return np.where(known, -scores, np.float32(np.nan))


def _ranked(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(3, B) LRAP, coverage and ranking loss of some rows."""
    num_rows, num_labels = scores.shape
    order = np.argsort(_lowest_first(scores, targets >= 0), axis=1)
    ranked = np.take_along_axis(scores, order, axis=1)
    positive = np.take_along_axis(targets, order, axis=1) == 1
    # Equal scores stand together: each counts what has been seen at the end of its group.
    ends = np.ones(scores.shape, bool)
    ends[:, :-1] = ranked[:, 1:] != ranked[:, :-1]
    last = np.where(ends, np.arange(num_labels), num_labels)
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    num_known, num_positive = (targets >= 0).sum(axis=1), positive.sum(axis=1)
    rows, places = np.nonzero(positive)
    end = np.minimum(last[rows, places], num_known[rows] - 1)
    labels, hits = end + 1, np.cumsum(positive, axis=1)[rows, end]
    pairs = num_positive * (num_known - num_positive)
    trivial = pairs == 0
    lrap = ratio(np.bincount(rows, hits / labels, num_rows), num_positive)
    coverage = np.zeros(num_rows)
    np.maximum.at(coverage, rows, labels)
    loss = ratio(np.bincount(rows, labels - hits, num_rows), pairs)
    figures = [np.where(trivial, 1.0, lrap), coverage, np.where(trivial, 0.0, loss)]
    return np.where(num_known > 0, figures, np.nan)

"""Negative log likelihood of the true labels, of class and tags tasks."""

from __future__ import annotations

import numpy as np

from polyhead.metrics.known_cells import row_blocks
from polyhead.metrics.ratios import ratio

FLOOR = np.finfo(np.float32).eps
"""Likelihoods below count as this, as in scikit-learn."""


def log_loss(
    probabilities: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Negative log likelihood of a class task: mean of −ln p(true class) over known rows, in nats.

    Args:
        probabilities: (N, K), rows of known targets sum to 1.
        targets: (N,) index of the true class, -1 unknown.
        weights: (N,) or (N, R) how often each image counts; once when None.

    Returns:
        () or (R,) float64, NaN without a known row.
    """
    weights = np.ones(len(targets)) if weights is None else weights
    known = targets >= 0
    likelihood = probabilities[np.arange(len(targets)), np.where(known, targets, 0)]
    losses = -np.log(np.maximum(np.where(known, likelihood, 1), FLOOR, dtype=np.float64))
    return ratio(losses @ weights, known.astype(np.float64) @ weights)


def tags_log_loss(
    probabilities: np.ndarray, outcomes: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Negative log likelihood of a tags task: mean of −ln p(outcome) over known cells, in nats.

    Args:
        probabilities: (N, L) in [0, 1].
        outcomes: (N, L) 1 yes, 0 no, -1 unknown.
        weights: (N,) or (N, R) how often each image counts; once when None.

    Returns:
        () or (R,) float64, NaN without a known cell.
    """
    weights = np.ones(len(outcomes)) if weights is None else weights
    losses = image_log_losses(probabilities, outcomes)
    return ratio(losses @ weights, (outcomes >= 0).sum(axis=1) @ weights)


def image_log_losses(probabilities: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    """(N,) −Σ ln p(outcome) over the known cells of each image; arguments as `tags_log_loss`."""
    sums = np.zeros(len(outcomes))
    for rows in row_blocks(outcomes.shape):
        part, likely = outcomes[rows], probabilities[rows].astype(np.float64)
        likelihood = np.where(part == 1, likely, 1 - likely)
        likelihood = np.maximum(np.where(part >= 0, likelihood, 1), FLOOR)
        sums[rows] = -np.log(likelihood).sum(axis=1)
    return sums

"""How far probabilities are from frequencies: expected calibration error, Brier."""

from __future__ import annotations

import numpy as np

from polyhead.metrics.known_cells import row_blocks
from polyhead.metrics.ratios import ratio

NUM_BINS = 15


def expected_calibration_error(
    probabilities: np.ndarray, outcomes: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Expected calibration error over known cells, all columns pooled.

    ECE = Σ_b (n_b / n) |mean probability in b − share of yes in b| over 15 bins of equal width,
    the last one closed; as TorchMetrics' `BinaryCalibrationError` with norm `l1`. For a class task
    give the probability of the likeliest class and whether it is right (see `top_label`).

    Args:
        probabilities: (N, L) in [0, 1].
        outcomes: (N, L) 1 yes, 0 no, -1 unknown.
        weights: (N,) or (N, R) how often each image counts; once when None.

    Returns:
        () or (R,) float64, NaN without a known cell.
    """
    weights = np.ones(len(outcomes)) if weights is None else weights
    # n_b |mean p − mean y| = |Σ (p − y)|: a sum an image and bin, so that reweighting is a product.
    gaps, known = np.zeros((len(outcomes), NUM_BINS)), np.zeros(len(outcomes))
    for block in row_blocks(outcomes.shape):
        rows, columns = np.nonzero(outcomes[block] >= 0)
        cells = probabilities[block][rows, columns].astype(np.float64)
        sums = np.bincount(
            rows * NUM_BINS + bins_of(cells),
            weights=cells - outcomes[block][rows, columns],
            minlength=gaps[block].size,
        )
        gaps[block] = sums.reshape(-1, NUM_BINS)
        known[block] = np.bincount(rows, minlength=len(known[block]))
    return ratio(np.abs(gaps.T @ weights).sum(axis=0), known @ weights)


def bins_of(cells: np.ndarray) -> np.ndarray:
    """(n,) int64: the bin of each of (n,) float64 probabilities."""
    return np.minimum((cells * NUM_BINS).astype(np.int64), NUM_BINS - 1)


def brier_score(
    probabilities: np.ndarray, outcomes: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Brier score of a tags task: mean of (p − y)² over known cells.

    Arguments and shapes as `expected_calibration_error`.
    """
    weights = np.ones(len(outcomes)) if weights is None else weights
    squares = image_squares(probabilities, outcomes)
    return ratio(squares @ weights, (outcomes >= 0).sum(axis=1) @ weights)


def image_squares(probabilities: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    """(N,) Σ (p − y)² over the known cells of each image; arguments as `brier_score`."""
    sums = np.zeros(len(outcomes))
    for rows in row_blocks(outcomes.shape):
        part = outcomes[rows]
        errors = np.subtract(probabilities[rows], part, dtype=np.float64)
        sums[rows] = np.square(np.where(part >= 0, errors, 0)).sum(axis=1)
    return sums


def top_label(probabilities: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn a class task into one yes / no column: is the likeliest class the true one?

    Args:
        probabilities: (N, K).
        targets: (N,) index of the true class, -1 unknown.

    Returns:
        (N, 1) probability of the likeliest class, and (N, 1) int8: 1 right, 0 wrong, -1 unknown.
    """
    right = probabilities.argmax(axis=1) == targets
    outcomes = np.where(targets >= 0, right, -1).astype(np.int8)
    return probabilities.max(axis=1, keepdims=True), outcomes[:, None]

"""Newton's method for the scale and level of many labels at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyhead.metrics.calibration.label_scores import LabelScores

NUM_STEPS, LARGEST_STEP, TOLERANCE, RIDGE = 100, 1.0, 1e-10, 1e-9
# Scores worked on at once: what a core's own cache holds.
SCORES_AT_ONCE = 32_768


@dataclass(frozen=True)
class Normals:
    """Priors of each label's (log-scale, level): independent normals.

    Attributes:
        centres: (L, 2).
        spread: (2,) standard deviations of all; infinite is no prior at all.
    """

    centres: np.ndarray
    spread: np.ndarray


def newton(
    labels: LabelScores, prior: Normals, starts: np.ndarray, *, with_level: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Maximise Σ log P + log prior over each label's θ = (α, c) in log-odds e^α s + c.

    Fisher scoring, which is Newton's method with the expected curvature: positive definite
    everywhere. Steps are at most 1 long and halved until the objective does not worsen. Each label
    is optimised by itself; one that has converged is left alone.

    Args:
        labels: Cells of L labels.
        prior: Of each θ.
        starts: (L, 2) θ to begin at.
        with_level: Whether c is fitted, or stays.

    Returns:
        (L, 2) θ, and the (L, 2, 2) information of the cells there.
    """
    free = np.array([1.0, with_level])
    precision = np.diag(1 / prior.spread**2)
    theta = starts.astype(np.float64)
    going = np.arange(len(theta))
    value, gradient, information = _posterior(labels, prior, going, theta)
    for _ in range(NUM_STEPS):
        slope = gradient[going] * free
        curvature = (information[going] + precision) * np.outer(free, free) + RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, slope[..., None])[..., 0]
        # What the step would gain, twice: below it, rounding decides.
        gains = (slope * step).sum(axis=1) >= TOLERANCE * (1 + value[going])
        going, step = going[gains], step[gains]
        if not len(going):
            break
        # A longer step would leave the region where the quadratic model of the likelihood holds.
        step /= np.maximum(1.0, np.abs(step).max(axis=1, keepdims=True) / LARGEST_STEP)
        left = going
        while len(left):
            moved = theta[left] + step
            found = _posterior(labels, prior, left, moved)
            is_worse = found[0] > value[left] * (1 + TOLERANCE)
            kept = left[~is_worse]
            theta[kept] = moved[~is_worse]
            value[kept], gradient[kept], information[kept] = (part[~is_worse] for part in found)
            left, step = left[is_worse], step[is_worse] / 2
    return theta, information


def log_odds_information(log_odds: np.ndarray) -> np.ndarray:
    """P (1 − P) of each cell, with P = σ(log-odds)."""
    rest = np.exp(-np.abs(log_odds))
    return rest / np.square(1 + rest)


def _posterior(
    labels: LabelScores, prior: Normals, chosen: np.ndarray, theta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The negative log posterior of some labels up to a constant, and its falling gradient.

    Returns:
        (M,) values, (M, 2) gradients, and the (M, 2, 2) Fisher information of the cells alone.
    """
    at_once = max(1, SCORES_AT_ONCE // max(1, labels.scores.shape[1]))
    blocks = [slice(start, start + at_once) for start in range(0, len(chosen), at_once)]
    sums = [np.zeros((6, 0))]
    sums += [_sums(labels, chosen[block], theta[block]) for block in blocks]
    losses, expected, sloped, fisher, fisher_slope, fisher_square = np.concatenate(sums, axis=1)
    scale, yes = np.exp(theta[:, 0]), labels.yes[chosen]
    yes_slope = scale * labels.yes_scores[chosen]
    distance = (theta - prior.centres[chosen]) / prior.spread
    value = losses - yes_slope - theta[:, 1] * yes + np.square(distance).sum(axis=1) / 2
    gradient = np.stack([yes_slope - sloped, yes - expected], axis=1) - distance / prior.spread
    information = np.stack([fisher_square, fisher_slope, fisher_slope, fisher], axis=1)
    return value, gradient, information.reshape(-1, 2, 2)


def _sums(labels: LabelScores, chosen: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """(6, M) sums over the cells of each label.

    Of ln(1 + e^z), P and P · slope, then of P (1 − P) times 1, slope and slope², where
    z = slope + c and slope = e^α s. One exponential a cell serves all.
    """
    counts = labels.counts[chosen]
    slope = np.exp(theta[:, :1]) * labels.scores[chosen]
    z = slope + theta[:, 1:]
    rest = np.exp(-np.abs(z))
    larger = 1 / (1 + rest)
    expected = counts * np.where(z > 0, larger, rest * larger)
    fisher = counts * rest * larger * larger
    fisher_slope = fisher * slope
    losses = counts * (np.maximum(z, 0) + np.log1p(rest))
    terms = (losses, expected, expected * slope, fisher, fisher_slope, fisher_slope * slope)
    return np.stack([term.sum(axis=1) for term in terms])

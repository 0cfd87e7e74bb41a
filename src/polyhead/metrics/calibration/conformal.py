"""Sets of labels that miss a chosen share of the true ones: conformal risk control."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyhead.errors import ConfigError
from polyhead.metrics.known_cells import check_probabilities, known_cells
from polyhead.metrics.ratios import ratio
from polyhead.metrics.thresholds.threshold_cuts import NEVER


@dataclass(frozen=True)
class Conformal:
    """The level at or above which a label belongs to the set, and what it promises.

    Attributes:
        alpha: The expected share of missed true labels is at most this.
        level: A float32 value. 0: every label belongs, for `num_images` are too few.
        num_images: Images with a known label that it was fitted on.
    """

    alpha: float
    level: float
    num_images: int

    def figures(self, probabilities: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """What the sets do on other images of a tags task.

        Args:
            probabilities: (N, L) calibrated or not, as the level was fitted on.
            targets: (N, L) 1 yes, 0 no, -1 unknown.

        Returns:
            `missed`: mean over images with a known label of their share of missed known true
            labels, 0 for an image without one (compare with `alpha`); `set_size`: mean number of
            labels in the set. NaN without a known cell.
        """
        judged = (targets >= 0).any(axis=1)
        predicted = probabilities[judged] >= np.float32(self.level)
        sums = _misses(~predicted, targets[judged]).sum(), predicted.sum()
        missed, set_size = ratio(np.array(sums), judged.sum()).tolist()
        return {"missed": missed, "set_size": set_size}


def fit_conformal(probabilities: np.ndarray, targets: np.ndarray, alpha: float) -> Conformal:
    """The smallest sets {c: p_c >= λ} whose expected share of missed true labels is at most α.

    λ̂ = sup {λ: n/(n+1) R̂(λ) + 1/(n+1) <= α}, R̂(λ) the mean over n images of the share of their
    known true labels with p < λ. An image without a known true label misses nothing (0); one
    without a known cell is left out. E[share missed] <= α holds for images drawn as these were,
    whatever the model; it is a mean over images, not a promise for each.

    Source: Angelopoulos, Bates, Fisch, Lei, Schuster, *Conformal risk control*, 2024.

    Args:
        probabilities: (N, L) in [0, 1], of images that the model was not trained on.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        alpha: In (0, 1).

    Raises:
        ConfigError: α is outside.
        ValueError: Shapes or values do not fit.
        DivergedError: The probability of a known cell is NaN.
    """
    if not 0 < alpha < 1:
        raise ConfigError(
            f"`conformal` is the share of true labels that may be missed, between 0 and 1. "
            f"Found {alpha:g}; 0.1 misses one in ten."
        )
    known = known_cells(probabilities, targets)
    probabilities = check_probabilities(np.where(known, probabilities, 0))
    num_images = int(known.any(axis=1).sum())
    shares = _misses(known, targets)[targets == 1]
    values, places = np.unique(probabilities[targets == 1], return_inverse=True)
    # At level values[k] the labels below it are missed; above the last value, all are.
    missed = np.append(0, np.cumsum(np.bincount(places, shares, minlength=len(values))))
    allowed = np.flatnonzero(missed + 1 <= alpha * (num_images + 1) + 1e-9)
    levels = np.append(values, np.float32(NEVER))
    return Conformal(alpha, float(levels[allowed[-1]]) if len(allowed) else 0.0, num_images)


def _misses(missed: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(N, L) each missed cell's part of its image's true labels."""
    true = targets == 1
    return (missed & true) / np.maximum(true.sum(axis=1, keepdims=True), 1)

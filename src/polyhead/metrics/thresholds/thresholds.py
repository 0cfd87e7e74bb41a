"""Decision thresholds of a tags task, fitted on validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyhead.metrics.bootstrap import LEVEL
from polyhead.metrics.known_cells import check_probabilities, known_cells
from polyhead.metrics.thresholds.guaranteed_cuts import ALWAYS
from polyhead.metrics.thresholds.threshold_cuts import NEVER, best_binary_cut
from polyhead.metrics.thresholds.threshold_figures import achieved
from polyhead.metrics.thresholds.threshold_fits import UNFITTED, fit_parts
from polyhead.metrics.thresholds.threshold_objective import (
    Sharing,
    ThresholdObjective,
    parse_thresholds,
)

NUM_FOLDS = 5
# Log-odds that stand for a threshold of 1, and round to it; of the greatest float32 below 1: 16.6.
ONE = 17.5
LEAST = float(np.finfo(np.float32).tiny)
BELOW_ONE = float(np.nextafter(np.float32(1), np.float32(0)))


@dataclass(frozen=True)
class Thresholds:
    """The probability at or above which each label is predicted.

    Attributes:
        values: (L,) float32, so that comparing in float32 or float64 gives the same labels.
        shared: The global threshold, which classes without positives get.
        num_positive: (L,) int64, known positives that each was fitted on.
        num_known: (L,) int64, known cells that each was fitted on.
    """

    values: np.ndarray
    shared: float
    num_positive: np.ndarray
    num_known: np.ndarray


@dataclass(frozen=True)
class TagThresholds(Thresholds):
    """Thresholds of a tags task, with how sure they are.

    Attributes:
        low: (L,) float32 lower end of each threshold's 95 % interval.
        high: (L,) float32 upper end.
        unreachable: (L,) bool: the constraint is met by no threshold, so the label is never
            predicted.
        unlimited: (L,) bool: too few positives to say which threshold holds the recall, so the
            label is always predicted.
        held_out: What the objective comes to on images that the thresholds have not seen; NaN
            where it is undefined.
    """

    low: np.ndarray
    high: np.ndarray
    unreachable: np.ndarray
    unlimited: np.ndarray
    held_out: float


def fit_thresholds(
    probabilities: np.ndarray,
    targets: np.ndarray,
    objective: ThresholdObjective | str = "macro_f1",
    sharing: Sharing = "shrunk",
) -> TagThresholds:
    """Fit thresholds on the known cells of a validation set, cross-fitted over 5 folds of images.

    `precision>=x` (the most hits) and `recall>=x` (the fewest labels predicted) hold for each label
    of the population, with 95 % confidence each (see `guaranteed_cut`), by its own labels. Where
    too few are known, a label is never predicted, or always. Under `global` one threshold holds it
    for all cells pooled.

    `macro_f1`, `mean_precision>=x` and `mean_recall>=x`, which are met on these images and so by
    about every second label on others, have a threshold a class, by sharing:
    - `shrunk`: the cut that is best for outcomes w y + (1 − w) q with w = n₊ / (n₊ + 50), where q
      are the probabilities calibrated for the class by empirical Bayes (the `affine` form of
      `fit_calibration`, its prior from all images). Rare classes lean on what is
      expected of them, common ones on their own labels.
    - `class`: the best cut of the class's own labels.
    - `global`: the best cut of all cells pooled, for all classes.

    `micro_f1` and `example_f1` fit one threshold to all classes; `cost` needs no fit:
    fp / (fp + fn) on calibrated probabilities.

    Each but those that hold is the mean, in log-odds, of the fits that leave out one fold of
    images, as long as each of these gives the label at all; `held_out` judges each fold by the fit
    that has not seen it. A class's own threshold has the interval of the cuts that a test cannot
    tell from the best (see `plausible_cuts`), which aims at the best of the population; one that
    classes share has the delete-a-group jackknife's.

    Args:
        probabilities: (N, L) in [0, 1].
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        objective: What to maximise or keep to, spelled or parsed.
        sharing: How classes share.

    Returns:
        A threshold a class: the global one where a class has no positives, 0.5 where none has;
        none at all, or 0, where a precision or a recall is to hold.

    Raises:
        ConfigError: There is no such objective.
        ValueError: Shapes or values do not fit.
        DivergedError: The probability of a known cell is NaN.
    """
    if isinstance(objective, str):
        objective = parse_thresholds(objective)[0]
    known = known_cells(probabilities, targets)
    probabilities = check_probabilities(np.where(known, probabilities, 0))
    folds = np.random.default_rng(0).permutation(len(targets)) % NUM_FOLDS
    parts = np.stack([np.ones(len(targets), bool), *(folds != f for f in range(NUM_FOLDS))])
    fits = fit_parts(probabilities, targets, parts, objective, sharing)
    whole, without = fits.values[0], fits.values[1:]
    middle, low, high = _jackknife(without)
    # Between a threshold and none at all there is no mean.
    is_whole = objective.is_guarantee | (without >= NEVER).any(axis=0) | (whole >= NEVER)
    values = np.where(is_whole, whole, middle)
    low = np.where(np.isnan(fits.low), low, fits.low)
    high = np.where(np.isnan(fits.high), high, fits.high)
    unreachable = objective.is_precision & (whole >= NEVER)
    never = np.where(unreachable, NEVER, np.nan).astype(np.float32)
    return TagThresholds(
        values=np.fmax(never, values.astype(np.float32)),
        shared=float(fits.shared[0]),
        num_positive=(targets == 1).sum(axis=0),
        num_known=known.sum(axis=0),
        low=np.fmax(never, np.minimum(low, values).astype(np.float32)),
        high=np.fmax(never, np.maximum(high, values).astype(np.float32)),
        unreachable=unreachable,
        unlimited=(objective.name == "recall") & (whole <= ALWAYS),
        held_out=achieved(probabilities >= without[folds].astype(np.float32), targets, objective),
    )


def best_f1_threshold(
    probabilities: np.ndarray, positive: np.ndarray, num_missed: int = 0
) -> float:
    """The threshold t that maximises F1 of `probability >= t`.

    It lies midway between two neighbouring distinct probabilities (or below the lowest, midway to
    0), the highest such when several do equally well.

    Args:
        probabilities: (n,) float32 in [0, 1].
        positive: (n,) bool.
        num_missed: Positives without a probability, which no threshold can reach.

    Returns:
        A float32 value; 0.5 without a positive.
    """

    def merit(hits: np.ndarray, predicted: np.ndarray, positives: np.ndarray) -> np.ndarray:
        return ThresholdObjective().merit(hits, predicted, positives + num_missed)

    if not positive.any():
        return UNFITTED
    return best_binary_cut(probabilities[positive], probabilities[~positive], merit)


def _jackknife(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and interval, in log-odds, of (folds, L) thresholds that each leave one fold out."""
    from scipy.special import expit
    from scipy.stats import t as student

    log_odds = _log_odds(parts)
    middle = log_odds.mean(axis=0)
    num_folds = len(parts)
    error = np.sqrt((num_folds - 1) * log_odds.var(axis=0))
    reach = student.ppf((1 + LEVEL) / 2, num_folds - 1) * error
    return expit(middle), expit(middle - reach), expit(middle + reach)


def _log_odds(thresholds: np.ndarray) -> np.ndarray:
    """Finite log-odds of float32 thresholds from 0 to 1 and beyond, in which each has its own."""
    from scipy.special import logit

    inside = logit(np.clip(thresholds.astype(np.float64), LEAST, BELOW_ONE))
    return np.where(thresholds >= 1, ONE, inside)

"""Intervals of cuts: those that the data cannot distinguish from the best."""

from __future__ import annotations

import numpy as np

from polyhead.metrics.bootstrap import LEVEL
from polyhead.metrics.thresholds.threshold_cuts import tie_ends
from polyhead.metrics.thresholds.threshold_objective import ThresholdObjective


def plausible_cuts(
    ranked: np.ndarray, yes: np.ndarray, objective: ThresholdObjective
) -> tuple[float, float]:
    """The lowest and the highest threshold that a test at the 5 % level does not refuse.

    F1: refused where it falls short of the best cut's by more than 1.96 standard errors of their
    difference, which the delta method gives over the same cells. A constraint: refused where the
    precision or recall of the cut differs from the bound by more than 1.96 standard errors of it.
    Inverting tests holds for the best of a curve and for a quantile alike. Resampling the best cut
    does not: it jumps from one cell to another.

    Source: Woodruff, *Confidence intervals for medians and other position measures*, 1952.

    Args:
        ranked: (n,) falling float32 probabilities.
        yes: (n,) in [0, 1], how far each counts as a positive; some above 0.
        objective: F1, precision or recall.
    """
    from scipy.special import ndtri

    ends = tie_ends(ranked)
    hits, predicted = np.cumsum(yes)[ends], ends + 1.0
    if objective.name == "macro_f1":
        shortfall, error = f1_shortfalls(hits, predicted)
    else:
        judged = predicted if objective.is_precision else hits[-1]
        shortfall = np.abs(hits / judged - objective.bound)
        error = np.sqrt(objective.bound * (1 - objective.bound) / judged)
    is_kept = shortfall <= ndtri((1 + LEVEL) / 2) * error
    best = int(np.argmax(objective.merit(hits, predicted, hits[-1])))
    is_kept[best] = True
    kept = np.flatnonzero(is_kept)
    refused = np.flatnonzero(~is_kept[:best])
    if objective.is_precision and len(refused):
        # No test refuses a handful of cells at the top, whose precision says nothing of the bound.
        kept = kept[kept > refused[-1]]
    after = ends[kept[-1]] + 1
    return float(ranked[after]) if after < len(ranked) else 0.0, float(ranked[ends[kept[0]]])


def f1_shortfalls(hits: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(G,) by how much F1 of each cut falls short of the best, and the standard error of that.

    F1 = 2 h / D with D = g + P moves by (2 y d − F1 (d + y)) / D with a cell whose outcome is y and
    which is predicted (d = 1) or not. Cuts differ in three runs of cells: predicted by both, by
    one, by neither.

    Args:
        hits: (G,) positives predicted by each cut, from high cuts to low; the last one predicts
            all.
        predicted: (G,) cells predicted.
    """
    positives = hits[-1]
    sums = predicted + positives
    f1 = 2 * hits / sums
    best = int(np.argmax(f1))
    found, alarm = 2 * (1 - f1) / sums, -f1 / sums  # the moves of hits, and of all other errors
    is_lower = predicted > predicted[best]
    both_hits, both = np.minimum(hits, hits[best]), np.minimum(predicted, predicted[best])
    run_hits, run = np.abs(hits - hits[best]), np.abs(predicted - predicted[best])
    run_found = np.where(is_lower, found - alarm[best], alarm - found[best])
    run_alarm = np.where(is_lower, alarm, -alarm[best])
    variance = both_hits * np.square(found - found[best])
    variance += (both - both_hits + positives - np.maximum(hits, hits[best])) * np.square(
        alarm - alarm[best]
    )
    variance += run_hits * np.square(run_found) + (run - run_hits) * np.square(run_alarm)
    return f1[best] - f1, np.sqrt(np.maximum(variance, 0))

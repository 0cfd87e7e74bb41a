"""Cuts at which the precision or recall of one label holds with 95 % confidence."""

from __future__ import annotations

import numpy as np

from polyhead.metrics.bootstrap import LEVEL
from polyhead.metrics.thresholds.threshold_cuts import NEVER, cut_below, tie_ends
from polyhead.metrics.thresholds.threshold_objective import ThresholdObjective

ALWAYS = 0.0  # below every probability: the label is always predicted


def guaranteed_cut(ranked: np.ndarray, is_yes: np.ndarray, objective: ThresholdObjective) -> float:
    """The best cut of which the precision or recall holds for the population.

    A cut holds where hits of n would be seen with a probability of at most 5 % if the share were
    just the bound b: P(Bin(n, b) ≥ hits) ≤ .05, which is that Clopper and Pearson's one-sided 95 %
    lower bound reaches b. n is the cells predicted for precision, the positives for recall.

    - Recall falls with the cut: the highest cut that holds, which misses b 5 % of the time at most
      (a one-sided tolerance limit).
    - Precision need not: testing every cut and taking the lowest that holds would err more often.
      The tests go down from one start, up to the first cut that does not hold (fixed-sequence
      testing), so that they err 5 % of the time at most, whatever the curve. The start is the cut
      with the most evidence by the probabilities alone: the greatest (mean − b)·√predicted.

    Sources: Clopper and Pearson, *The use of confidence or fiducial limits*, 1934; Angelopoulos et
    al., *Learn then test*, 2021.

    Args:
        ranked: (n,) falling float32 probabilities.
        is_yes: (n,) bool.
        objective: `precision` or `recall`.

    Returns:
        A float32 value; where nothing holds, `NEVER` for precision and `ALWAYS` for recall.
    """
    if objective.name == "recall":
        return _recall_cut(ranked, is_yes, objective.bound)
    return _precision_cut(ranked, is_yes, objective.bound)


def _recall_cut(ranked: np.ndarray, is_yes: np.ndarray, bound: float) -> float:
    ends = tie_ends(ranked)
    hits, positives = np.cumsum(is_yes)[ends], int(is_yes.sum())
    holding = np.flatnonzero(_holds(hits, np.full(len(hits), positives), bound))
    return cut_below(ranked, int(ends[holding[0]])) if len(holding) else ALWAYS


def _precision_cut(ranked: np.ndarray, is_yes: np.ndarray, bound: float) -> float:
    ends = tie_ends(ranked)
    predicted = ends + 1
    enough = np.flatnonzero(predicted >= np.log(1 - LEVEL) / np.log(bound))
    if not len(enough):  # not even if all of them were right
        return NEVER
    expected = np.cumsum(ranked, dtype=np.float64)[ends[enough]] / predicted[enough]
    start = enough[np.argmax((expected - bound) * np.sqrt(predicted[enough]))]
    hits = np.cumsum(is_yes)[ends[start:]]
    # A cut below the bound itself holds for no n: few cuts are left for the slower test.
    likely = _until_first(hits < bound * predicted[start:])
    run = _until_first(~_holds(hits[:likely], predicted[start : start + likely], bound))
    return cut_below(ranked, int(ends[start + run - 1])) if run else NEVER


def _until_first(is_end: np.ndarray) -> int:
    """How many values precede the first true one."""
    return int(np.argmax(is_end)) if is_end.any() else len(is_end)


def _holds(hits: np.ndarray, num: np.ndarray, bound: float) -> np.ndarray:
    """Whether P(Bin(num, bound) ≥ hits) ≤ .05; never of no hits."""
    from scipy.special import bdtrc

    tail = bdtrc(np.maximum(hits, 1) - 1.0, num, bound)
    return (hits > 0) & (tail <= 1 - LEVEL)

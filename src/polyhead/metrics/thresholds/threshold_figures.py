"""The value that predicted labels reach under the objective of their thresholds."""

from __future__ import annotations

import numpy as np

from polyhead.metrics.confusion_counts import count_labels
from polyhead.metrics.ratios import mean_defined, ratio
from polyhead.metrics.tags.agreement import example_f1
from polyhead.metrics.thresholds.threshold_objective import ThresholdObjective


def achieved(predicted: np.ndarray, targets: np.ndarray, objective: ThresholdObjective) -> float:
    """Macro-F1, micro-F1 or example-F1; mean precision or recall over classes; cost a known cell.

    A class that is never predicted has no precision and is left out of its mean.

    Args:
        predicted: (N, L) bool.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        objective: What is measured.

    Returns:
        NaN where nothing defines it.
    """
    counts = count_labels(predicted, targets)
    if objective.name == "example_f1":
        return float(example_f1(predicted, targets))
    if objective.is_precision:
        found = counts.true_positives + counts.false_positives
        return float(mean_defined(ratio(counts.true_positives, found)))
    if objective.name == "cost":
        wrong = objective.false_positive * counts.false_positives.sum()
        missed = objective.false_negative * counts.false_negatives.sum()
        return float(ratio(wrong + missed, (targets >= 0).sum()))
    if objective.is_recall:
        return float(mean_defined(counts.recall))
    return float(counts.of1 if objective.name == "micro_f1" else counts.macro_f1)

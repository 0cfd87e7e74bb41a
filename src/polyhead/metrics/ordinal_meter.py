"""The meter of an ordinal task: chunks of predictions in, its part of `evaluation.json` out."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from polyhead.metrics.bootstrap import affordable_samples, bootstrap_weights
from polyhead.metrics.calibration.calibration import expected_calibration_error, top_label
from polyhead.metrics.calibration.log_loss import log_loss
from polyhead.metrics.calibration.reliability import label_calibration, reliability_bins
from polyhead.metrics.class_meter import ClassMeter
from polyhead.metrics.confusion_counts import confusion_matrix, count_classes
from polyhead.metrics.entries import class_entries, label_figures, metric_entries, value_entries
from polyhead.metrics.ratios import ratio

Entry = dict[str, float | None]


class OrdinalMeter(ClassMeter):
    """Collects the probabilities and targets of an ordinal task; exact, N × K × 4 bytes.

    What is measured is the middle grade of the probabilities, see `middle_grade`.

    Args:
        classes: The K grades, in column order, the lowest first.
    """

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The figures of the task, ready for JSON: what is undefined is None.

        `QWK` is the quadratic-weighted kappa, 1 − Σ w·(i−j)² / Σ w·(i−j)² expected by chance, and
        `MAE` the mean |i−j| of predicted and true grades i, j, counted in grades. `QWK_majority`
        and `accuracy_majority` are those of always answering the commonest grade of these images,
        `MAE_median` that of always answering their median: the least that one answer reaches.

        Args:
            intervals: Whether to add 95 % intervals over images (`low`, `high`), which all but
                `ECE` and the trivial answers have.

        Returns:
            `num_images`, `num_known`, `num_classes`, `num_classes_evaluated`, `metrics`,
            `per_class` (`MAE` over the images of that grade, `ECE` and `Brier` of the grade
            against the rest), `reliability` of the likeliest grade, and `confusion` (rows are
            true grades, columns predicted ones).
        """
        probabilities, targets = self.probabilities, self.targets
        predicted = middle_grade(probabilities)
        counts = count_classes(predicted, targets, len(self.classes))
        judged = top_label(probabilities, targets)
        return {
            "num_images": len(targets),
            "num_known": int((targets >= 0).sum()),
            "num_classes": len(self.classes),
            "num_classes_evaluated": int((counts.positives > 0).sum()),
            "metrics": {
                **_metrics(probabilities, predicted, targets, intervals),
                **value_entries(
                    {
                        "ECE": expected_calibration_error(*judged),
                        **_trivial(counts.positives.astype(np.int64)),
                    }
                ),
            },
            "per_class": class_entries(
                self.classes,
                {
                    "MAE": ratio(*_errors_by_grade(predicted, targets, len(self.classes))),
                    **label_figures(counts),
                    "num_known": counts.positives.astype(np.int64),
                    **label_calibration(probabilities, self._outcomes()),
                },
            ),
            "reliability": reliability_bins(*judged).entries(),
            "confusion": {
                "classes": self.classes,
                "matrix": confusion_matrix(predicted, targets, len(self.classes)).tolist(),
            },
        }


def middle_grade(probabilities: np.ndarray) -> np.ndarray:
    """(N,) int64: the lowest grade k with P(y ≤ k) ≥ ½, which has the least expected |k − y|.

    The likeliest grade has the least expected errors as such, whatever their size: where one grade
    is common, it is the answer to nearly every image. The mean, rounded, errs by more grades.

    Args:
        probabilities: (N, K), the lowest grade first; rows sum to 1.

    >>> middle_grade(np.array([[0.4, 0.3, 0.3], [0.5, 0.2, 0.3]]))
    array([1, 0])
    """
    up_to = probabilities.cumsum(axis=1, dtype=np.float64)
    return (2 * up_to >= up_to[:, -1:]).argmax(axis=1)


def quadratic_kappa(
    predicted: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Quadratic-weighted kappa of whole grades over known rows.

    κ = 1 − n·Σ(g−y)² / (n·Σ(g²+y²) − 2·Σg·Σy): the denominator is n² times the expected squared
    difference of a predicted and a true grade drawn apart.
    Source: Cohen, *Weighted kappa*, 1968.

    Args:
        predicted: (N,) predicted grades.
        targets: (N,) true grades, -1 unknown.
        weights: (N,) or (N, R) how often each image counts; once when None.

    Returns:
        () or (R,) float64, NaN where a single grade is all that is predicted and true.
    """
    weights = np.ones(len(targets)) if weights is None else weights
    known = targets >= 0
    g, y = (np.where(known, grades, 0).astype(np.float64) for grades in (predicted, targets))
    total = known.astype(np.float64) @ weights
    by_chance = total * ((g**2 + y**2) @ weights) - 2 * (g @ weights) * (y @ weights)
    return 1 - ratio(total * (((g - y) ** 2) @ weights), by_chance)


def _metrics(
    probabilities: np.ndarray, predicted: np.ndarray, targets: np.ndarray, intervals: bool
) -> dict[str, Entry]:
    known = targets >= 0
    num_right = int((predicted == targets)[known].sum())
    figures = metric_entries(
        partial(_figures, probabilities, predicted, targets),
        (len(targets), 1),
        intervals,
        {"accuracy": (num_right, int(known.sum()))},
    )
    return {"QWK": _kappa_entry(predicted, targets, intervals), **figures}


def _figures(
    probabilities: np.ndarray, predicted: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    known = targets >= 0
    distance, total = np.abs(predicted - targets), known.astype(np.float64) @ weights
    return {
        "MAE": ratio(np.where(known, distance, 0).astype(np.float64) @ weights, total),
        "accuracy": ratio((known & (distance == 0)).astype(np.float64) @ weights, total),
        "log_loss": log_loss(probabilities, targets, weights),
    }


def _kappa_entry(predicted: np.ndarray, targets: np.ndarray, intervals: bool) -> Entry:
    """By itself, since a kappa is no share: it goes down to -1."""

    def figures(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"QWK": quadratic_kappa(predicted, targets, weights)}

    entry = value_entries(figures(np.ones(len(targets))))["QWK"]
    if intervals:
        num_samples = affordable_samples(len(targets))
        found = bootstrap_weights(figures, len(targets), num_samples=num_samples)["QWK"]
        low, high = np.clip((found.low, found.high), -1, 1)
        shaped = value_entries({"low": low, "high": high})
        entry |= {end: shaped[end]["value"] for end in ("low", "high")}
    return entry


def _trivial(positives: np.ndarray) -> dict[str, np.ndarray]:
    """Figures of one and the same answer to every image.

    Args:
        positives: (K,) int64 known images of each grade.
    """
    grades, total = np.arange(len(positives)), positives.sum()
    median = (2 * positives.cumsum() >= total).argmax() if len(positives) else 0
    varies = (positives > 0).sum() > 1
    return {
        "QWK_majority": np.asarray(0.0 if varies else np.nan),
        "MAE_median": ratio(np.abs(grades - median) @ positives, total),
        "accuracy_majority": ratio(positives.max(initial=0), total),
    }


def _errors_by_grade(
    predicted: np.ndarray, targets: np.ndarray, num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """(K,) sum of |i−j| over the images of each true grade, and (K,) how many there are."""
    known = targets >= 0
    true, distance = targets[known], np.abs(predicted - targets)[known]
    sums = np.bincount(true, distance, num_classes)
    return sums, np.bincount(true, minlength=num_classes)

"""Streaming meters: chunks of predictions in, the figures of `evaluation.json` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from polyhead.metrics.agreement import hamming_error, subset_accuracy
from polyhead.metrics.average_precision import Ranking
from polyhead.metrics.bootstrap import affordable_samples, bootstrap_weights
from polyhead.metrics.calibration import (
    brier_score,
    expected_calibration_error,
    log_loss,
    top_label,
)
from polyhead.metrics.cells import check_probabilities, known_cells, known_rows
from polyhead.metrics.label_counts import LabelCounts, count_classes, count_labels
from polyhead.metrics.ratios import mean_defined, ratio

Figures = Callable[[np.ndarray], dict[str, np.ndarray]]


class TagsMeter:
    """Collects the probabilities and targets of a tags task; exact, N × L × 5 bytes.

    Args:
        classes: The L labels, in column order.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = list(classes)
        self._probabilities = [np.zeros((0, len(self.classes)), np.float32)]
        self._targets = [np.zeros((0, len(self.classes)), np.int8)]

    def update(self, probabilities: np.ndarray, targets: np.ndarray) -> None:
        """Add the images of a chunk, which is copied.

        Args:
            probabilities: (B, L) float32 or float64; those of unknown cells are never read.
            targets: (B, L) 1 yes, 0 no, -1 unknown.

        Raises:
            ValueError: Shapes or values do not fit.
            DivergedError: The probability of a known cell is NaN.
        """
        _check_width(probabilities, self.classes)
        known = known_cells(probabilities, targets)
        self._probabilities.append(check_probabilities(np.where(known, probabilities, 0)))
        self._targets.append(targets.astype(np.int8))

    @property
    def probabilities(self) -> np.ndarray:
        """(N, L) float32 of all chunks, 0 in unknown cells."""
        return np.concatenate(self._probabilities)

    @property
    def targets(self) -> np.ndarray:
        """(N, L) int8 of all chunks: 1 yes, 0 no, -1 unknown."""
        return np.concatenate(self._targets)

    def compute(
        self, thresholds: Sequence[float] | np.ndarray | None = None, *, intervals: bool = False
    ) -> dict[str, Any]:
        """The figures of the task, ready for JSON: what is undefined is None.

        `mAP_chance` is what a random ranking scores: the mean prevalence of the evaluated classes.

        Args:
            thresholds: L probabilities at or above which a label is given; 0.5 each when None.
            intervals: Whether to add 95 % bootstrap intervals over images (`low`, `high`).

        Returns:
            `num_images`, `num_known`, `num_classes`, `num_classes_evaluated`, `metrics` and
            `per_class`.

        Raises:
            ValueError: There are not L thresholds.
        """
        probabilities, targets = self.probabilities, self.targets
        cuts = np.full(len(self.classes), 0.5) if thresholds is None else np.asarray(thresholds)
        if cuts.shape != (len(self.classes),):
            raise ValueError(
                f"Parameter `thresholds` should hold {len(self.classes)} values, one a class. "
                f"Found shape {cuts.shape}."
            )
        # In float32, as the decision is taken at prediction.
        given = probabilities >= cuts.astype(np.float32)
        ranking = Ranking(probabilities, targets)
        figures = partial(_tags_figures, ranking, probabilities, given, targets)
        counts = count_labels(given, targets)
        return {
            "num_images": len(targets),
            "num_known": int((targets >= 0).sum()),
            "num_classes": len(self.classes),
            "num_classes_evaluated": int((counts.positives > 0).sum()),
            "metrics": _metrics(figures, targets.shape, intervals),
            "per_class": _per_class(
                self.classes,
                {
                    "AP": ranking.average_precision(np.ones(len(targets))),
                    **_label_figures(counts),
                    "num_positive": (targets == 1).sum(axis=0),
                    "num_known": (targets >= 0).sum(axis=0),
                    "threshold": cuts,
                },
            ),
        }


class ClassMeter:
    """Collects the probabilities and targets of a class task; exact, N × K × 4 bytes.

    Args:
        classes: The K classes, in column order.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = list(classes)
        self._probabilities = [np.zeros((0, len(self.classes)), np.float32)]
        self._targets = [np.zeros(0, np.int32)]

    def update(self, probabilities: np.ndarray, targets: np.ndarray) -> None:
        """Add the images of a chunk, which is copied.

        Args:
            probabilities: (B, K) float32 or float64; those of unknown rows are never read.
            targets: (B,) index of the true class, -1 unknown.

        Raises:
            ValueError: Shapes or values do not fit.
            DivergedError: A probability of a known row is NaN.
        """
        _check_width(probabilities, self.classes)
        known = known_rows(probabilities, targets)
        readable = np.where(known[:, None], probabilities, 0)
        self._probabilities.append(check_probabilities(readable))
        self._targets.append(targets.astype(np.int32))

    @property
    def probabilities(self) -> np.ndarray:
        """(N, K) float32 of all chunks, 0 in unknown rows."""
        return np.concatenate(self._probabilities)

    @property
    def targets(self) -> np.ndarray:
        """(N,) int32 of all chunks: index of the true class, -1 unknown."""
        return np.concatenate(self._targets)

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The figures of the task, ready for JSON: what is undefined is None.

        `accuracy_majority` is what always answering the commonest class of these images scores.

        Args:
            intervals: Whether to add 95 % bootstrap intervals over images (`low`, `high`).

        Returns:
            `num_images`, `num_known`, `num_classes`, `num_classes_evaluated`, `metrics`,
            `per_class` and `confusion` (rows are true classes, columns given ones).
        """
        probabilities, targets = self.probabilities, self.targets
        given = probabilities.argmax(axis=1)
        counts = count_classes(given, targets, len(self.classes))
        figures = partial(_class_figures, probabilities, given, targets)
        return {
            "num_images": len(targets),
            "num_known": int((targets >= 0).sum()),
            "num_classes": len(self.classes),
            "num_classes_evaluated": int((counts.positives > 0).sum()),
            "metrics": _metrics(figures, (len(targets), 1), intervals),
            "per_class": _per_class(
                self.classes,
                {**_label_figures(counts), "num_known": counts.positives.astype(np.int64)},
            ),
            "confusion": {
                "classes": self.classes,
                "matrix": confusion_matrix(given, targets, len(self.classes)).tolist(),
            },
        }


def confusion_matrix(given: np.ndarray, targets: np.ndarray, num_classes: int) -> np.ndarray:
    """Count the images of each true class (row) that were given each class (column).

    Args:
        given: (N,) index of the class that the model gives.
        targets: (N,) index of the true class, -1 unknown.
        num_classes: K.

    Returns:
        (K, K) int64.
    """
    known = targets >= 0
    cells = targets[known].astype(np.int64) * num_classes + given[known]
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def _tags_figures(
    ranking: Ranking,
    probabilities: np.ndarray,
    given: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
) -> dict[str, np.ndarray]:
    counts = count_labels(given, targets, weights)
    positives = counts.positives
    prevalence = ratio(positives, (targets >= 0).T @ weights)
    return {
        "mAP": mean_defined(ranking.average_precision(weights)),
        "mAP_chance": mean_defined(np.where(positives > 0, prevalence, np.nan)),
        "CF1": counts.cf1,
        "macro_F1": counts.macro_f1,
        "OF1": counts.of1,
        "subset_accuracy": subset_accuracy(given, targets, weights),
        "hamming": hamming_error(given, targets, weights),
        "ECE": expected_calibration_error(probabilities, targets, weights),
        "Brier": brier_score(probabilities, targets, weights),
    }


def _class_figures(
    probabilities: np.ndarray, given: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    counts = count_classes(given, targets, probabilities.shape[1], weights)
    num_known = counts.positives.sum(axis=0)
    return {
        "accuracy": ratio(counts.true_positives.sum(axis=0), num_known),
        "accuracy_majority": ratio(counts.positives.max(axis=0), num_known),
        "balanced_accuracy": mean_defined(counts.recall),
        "macro_F1": counts.macro_f1,
        "ECE": expected_calibration_error(*top_label(probabilities, targets), weights),
        "log_loss": log_loss(probabilities, targets, weights),
    }


def _metrics(
    figures: Figures, shape: tuple[int, ...], intervals: bool
) -> dict[str, dict[str, float | None]]:
    values = figures(np.ones(shape[0]))
    shaped = {name: {"value": _plain(value)} for name, value in values.items()}
    if intervals:
        num_samples = affordable_samples(shape[0] * shape[1])
        found = bootstrap_weights(figures, shape[0], num_samples=num_samples)
        for name, interval in found.items():
            shaped[name] |= {"low": _plain(interval.low), "high": _plain(interval.high)}
    return shaped


def _label_figures(counts: LabelCounts) -> dict[str, np.ndarray]:
    return {"F1": counts.f1, "precision": counts.precision, "recall": counts.recall}


def _per_class(
    classes: Sequence[str], columns: Mapping[str, np.ndarray]
) -> dict[str, dict[str, float | None]]:
    return {
        label: {name: _plain(column[c]) for name, column in columns.items()}
        for c, label in enumerate(classes)
    }


def _plain(value: Any) -> float | None:
    """A number that JSON can hold: None for NaN."""
    return None if np.isnan(value) else np.asarray(value).item()


def _check_width(probabilities: np.ndarray, classes: Sequence[str]) -> None:
    if probabilities.ndim != 2 or probabilities.shape[1] != len(classes):
        raise ValueError(
            f"Parameter `probabilities` should be (B, {len(classes)}), one column a class. "
            f"Found {probabilities.shape}."
        )

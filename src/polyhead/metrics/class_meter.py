"""The meter of a class task: chunks of predictions in, its part of `evaluation.json` out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from polyhead.metrics.calibration.calibration import expected_calibration_error, top_label
from polyhead.metrics.calibration.log_loss import log_loss
from polyhead.metrics.calibration.reliability import label_calibration, reliability_bins
from polyhead.metrics.confusion_counts import confusion_matrix, count_classes
from polyhead.metrics.entries import class_entries, label_figures, metric_entries, value_entries
from polyhead.metrics.known_cells import check_probabilities, check_width, known_rows
from polyhead.metrics.ratios import mean_defined, ratio


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
        check_width(probabilities, self.classes)
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
            intervals: Whether to add 95 % intervals over images (`low`, `high`), which all but
                `ECE` and `accuracy_majority` have.

        Returns:
            `num_images`, `num_known`, `num_classes`, `num_classes_evaluated`, `metrics`,
            `per_class` (`ECE` and `Brier` of the class against the rest), `reliability` of the
            likeliest class, and `confusion` (rows are true classes, columns predicted ones).
        """
        probabilities, targets = self.probabilities, self.targets
        predicted = probabilities.argmax(axis=1)
        counts = count_classes(predicted, targets, len(self.classes))
        figures = partial(_class_figures, probabilities, predicted, targets)
        judged = top_label(probabilities, targets)
        num_known = int((targets >= 0).sum())
        columns = {**label_figures(counts), "num_known": counts.positives.astype(np.int64)}
        return {
            "num_images": len(targets),
            "num_known": num_known,
            "num_classes": len(self.classes),
            "num_classes_evaluated": int((counts.positives > 0).sum()),
            "metrics": {
                **metric_entries(
                    figures,
                    (len(targets), 1),
                    intervals,
                    {"accuracy": (int(counts.true_positives.sum()), num_known)},
                ),
                **value_entries(
                    {
                        "ECE": expected_calibration_error(*judged),
                        "accuracy_majority": ratio(counts.positives.max(), counts.positives.sum()),
                    }
                ),
            },
            "per_class": class_entries(
                self.classes, {**columns, **label_calibration(probabilities, self._outcomes())}
            ),
            "reliability": reliability_bins(*judged).entries(),
            "confusion": {
                "classes": self.classes,
                "matrix": confusion_matrix(predicted, targets, len(self.classes)).tolist(),
            },
        }

    def _outcomes(self) -> np.ndarray:
        """(N, K) int8, each class against the rest: 1 yes, 0 no, -1 unknown."""
        targets = self.targets[:, None]
        chosen = targets == np.arange(len(self.classes))
        return np.where(targets >= 0, chosen, -1).astype(np.int8)


def _class_figures(
    probabilities: np.ndarray, predicted: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    counts = count_classes(predicted, targets, probabilities.shape[1], weights)
    return {
        "accuracy": ratio(counts.true_positives.sum(axis=0), counts.positives.sum(axis=0)),
        "balanced_accuracy": mean_defined(counts.recall),
        "macro_F1": counts.macro_f1,
        "log_loss": log_loss(probabilities, targets, weights),
    }

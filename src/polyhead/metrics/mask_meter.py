"""The meter of a mask task: one image at a time in, its part of `evaluation.json` out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from polyhead.metrics.confusion_counts import ConfusionCounts, confusion_matrix
from polyhead.metrics.entries import class_entries, label_figures, metric_entries, value_entries
from polyhead.metrics.ratios import mean_defined, ratio

UNKNOWN_CLASS = 255


class MaskMeter:
    """Counts the known pixels of each class, image by image; exact, N × 3 × K × 8 bytes.

    Args:
        classes: The K classes, in the order of the pixel values.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = list(classes)
        self._num_images = 0
        self._counts: list[np.ndarray] = []
        self._confusion = np.zeros((len(self.classes),) * 2, np.int64)

    def update(self, predicted: np.ndarray, truth: np.ndarray) -> None:
        """Add one image; one without a known pixel is counted and left out.

        Args:
            predicted: (H, W) integer index of the class, never read where the truth is unknown.
            truth: (H, W) uint8 index of the class, 255 unknown.

        Raises:
            ValueError: Shapes or values do not fit.
        """
        if predicted.ndim != 2 or predicted.shape != truth.shape:
            raise ValueError(
                "Parameters `predicted` and `truth` should both be (H, W). "
                f"Found {predicted.shape} and {truth.shape}."
            )
        known = truth != UNKNOWN_CLASS
        found, true = predicted[known], truth[known]
        self._num_images += 1
        if not len(true):
            return
        self._check(found, "predicted")
        self._check(true, "truth")
        confusion = confusion_matrix(found, true, len(self.classes))
        self._confusion += confusion
        self._counts.append(np.stack([confusion.diagonal(), confusion.sum(0), confusion.sum(1)]))

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The figures of the task, ready for JSON: what is undefined is None.

        Pixels of all images are pooled. IoU = TP / (TP + FP + FN) of a class, Dice its F1; `mIoU`,
        `Dice` and `mean_accuracy` (recall) are means over the classes that have a true pixel.
        `mIoU_majority` is what always answering these images' commonest class scores.

        Args:
            intervals: Whether to add 95 % intervals over images (`low`, `high`), which
                all but `mIoU_majority` have.

        Returns:
            `num_images`, `num_images_known`, `num_pixels` (known ones), `num_classes`,
            `num_classes_evaluated`, `metrics`, `per_class` and `confusion` (rows are true classes,
            columns predicted ones).
        """
        counts = np.array(self._counts).reshape(-1, 3, len(self.classes))
        pooled = _confusion_counts(counts, np.ones(len(counts)))
        positives = pooled.positives
        majority = ratio(positives.max(initial=0), positives.sum() * (positives > 0).sum())
        return {
            "num_images": self._num_images,
            "num_images_known": len(counts),
            "num_pixels": int(positives.sum()),
            "num_classes": len(self.classes),
            "num_classes_evaluated": int((positives > 0).sum()),
            "metrics": {
                **metric_entries(
                    partial(_mask_figures, counts), (len(counts), 3 * len(self.classes)), intervals
                ),
                **value_entries({"mIoU_majority": majority}),
            },
            "per_class": class_entries(
                self.classes,
                {
                    "IoU": _intersection_over_union(pooled),
                    **label_figures(pooled),
                    "num_pixels": positives.astype(np.int64),
                    "num_images": (counts[:, 2] > 0).sum(axis=0),
                },
            ),
            "confusion": {"classes": self.classes, "matrix": self._confusion.tolist()},
        }

    def _check(self, values: np.ndarray, name: str) -> None:
        low, high = int(values.min()), int(values.max())
        if low < 0 or high >= len(self.classes):
            raise ValueError(
                f"Known pixels of `{name}` should lie between 0 and {len(self.classes) - 1}. "
                f"Found {low} to {high}."
            )


def _confusion_counts(counts: np.ndarray, weights: np.ndarray) -> ConfusionCounts:
    """Pixels of each class (K,) or (K, R) under weights (N,) or (N, R) of the images."""
    right, predicted, true = (
        np.asarray(part.T, np.float64) @ weights for part in counts.swapaxes(0, 1)
    )
    return ConfusionCounts(right, predicted - right, true - right)


def _intersection_over_union(counts: ConfusionCounts) -> np.ndarray:
    found = ratio(counts.true_positives, counts.positives + counts.false_positives)
    return np.where(counts.positives > 0, found, np.nan)


def _mask_figures(counts: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    pooled = _confusion_counts(counts, weights)
    return {
        "mIoU": mean_defined(_intersection_over_union(pooled)),
        "pixel_accuracy": ratio(pooled.true_positives.sum(axis=0), pooled.positives.sum(axis=0)),
        "mean_accuracy": mean_defined(pooled.recall),
        "Dice": mean_defined(pooled.f1),
    }

"""Share of wrong cells, of images whose every label is right, and how far sets of labels agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polyhead.metrics.ratios import ratio


@dataclass(frozen=True)
class ImageAgreement:
    """How far the labels predicted for each image agree with its known ones.

    Weights are (N,) or (N, R), how often each image counts; figures are () or (R,) float64.

    Attributes:
        num_known: (N,) known labels.
        num_wrong: (N,) known labels that are wrong.
        f1: (N,) 2 |y ∩ ŷ| / (|y| + |ŷ|) over known labels; 1 when both sets are empty.
    """

    num_known: np.ndarray
    num_wrong: np.ndarray
    f1: np.ndarray

    @classmethod
    def of(cls, predicted: np.ndarray, targets: np.ndarray) -> ImageAgreement:
        """Of (N, L) bool predicted labels and (N, L) targets: 1 yes, 0 no, -1 unknown."""
        known, positive = targets >= 0, targets == 1
        sizes = positive.sum(axis=1) + (predicted & known).sum(axis=1)
        f1 = ratio(2.0 * (predicted & positive).sum(axis=1), sizes)
        num_wrong = (known & (predicted != positive)).sum(axis=1)
        return cls(known.sum(axis=1), num_wrong, np.nan_to_num(f1, nan=1.0))

    @classmethod
    def joined(cls, parts: Sequence[ImageAgreement]) -> ImageAgreement:
        """Of the images of one or more parts."""
        columns = ((part.num_known, part.num_wrong, part.f1) for part in parts)
        return cls(*map(np.concatenate, zip(*columns, strict=True)))

    def hamming_error(self, weights: np.ndarray) -> np.ndarray:
        """Share of known cells that are wrong; NaN without a known cell."""
        return ratio(self.num_wrong @ weights, self.num_known @ weights)

    def subset_accuracy(self, weights: np.ndarray) -> np.ndarray:
        """Share of the images with a known label of which no known label is wrong."""
        judged = (self.num_known > 0).astype(np.float64)
        return ratio((judged * (self.num_wrong == 0)) @ weights, judged @ weights)

    def example_f1(self, weights: np.ndarray) -> np.ndarray:
        """Mean of `f1` over the images with a known label."""
        judged = (self.num_known > 0).astype(np.float64)
        return ratio((self.f1 * judged) @ weights, judged @ weights)


def hamming_error(
    predicted: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Share of known cells that are wrong.

    Args:
        predicted: (N, L) bool, the predicted labels.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        weights: (N,) or (N, R) how often each image counts; once when None.

    Returns:
        () or (R,) float64, NaN without a known cell.
    """
    return ImageAgreement.of(predicted, targets).hamming_error(_weights(targets, weights))


def subset_accuracy(
    predicted: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Share of images whose known labels are all right, among images with a known label.

    Departs from scikit-learn's `accuracy_score` only where cells are unknown: an image with some
    unknown cells is judged by the others.

    Arguments and shapes as `hamming_error`.
    """
    return ImageAgreement.of(predicted, targets).subset_accuracy(_weights(targets, weights))


def example_f1(
    predicted: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Mean over images of 2 |y ∩ ŷ| / (|y| + |ŷ|) over known labels; 1 when both sets are empty.

    Arguments and shapes as `hamming_error`; an image without a known label is left out.
    """
    return ImageAgreement.of(predicted, targets).example_f1(_weights(targets, weights))


def _weights(targets: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    return np.ones(len(targets)) if weights is None else weights

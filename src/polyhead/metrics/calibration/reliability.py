"""Reliability bins: probabilities against frequencies, label by label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from polyhead.metrics.calibration.calibration import NUM_BINS, bins_of
from polyhead.metrics.entries import table_entries
from polyhead.metrics.known_cells import row_blocks
from polyhead.metrics.ratios import ratio


@dataclass(frozen=True)
class ReliabilityBins:
    """Known cells sorted by probability into bins of equal width, the last one closed.

    Attributes:
        count: (15,) int64, known cells.
        mean_probability: (15,) float64, NaN where there is none.
        share_yes: (15,) float64, NaN where there is none.
    """

    count: np.ndarray
    mean_probability: np.ndarray
    share_yes: np.ndarray

    def entries(self) -> list[dict[str, Any]]:
        """`low`, `high`, `mean` probability, `share` of yes and `n` of each bin, for JSON."""
        edges = np.arange(NUM_BINS + 1) / NUM_BINS
        columns = {"low": edges[:-1], "high": edges[1:], "mean": self.mean_probability}
        return table_entries({**columns, "share": self.share_yes, "n": self.count})


def reliability_bins(probabilities: np.ndarray, outcomes: np.ndarray) -> ReliabilityBins:
    """Compare mean probability and share of yes in 15 bins, all columns pooled.

    ECE is their mean absolute difference weighted by `count`. Of a class task give `top_label`.

    Args:
        probabilities: (N, L) in [0, 1]; those of unknown cells are never read.
        outcomes: (N, L) 1 yes, 0 no, -1 unknown.
    """
    return label_bins(probabilities, outcomes).pooled


@dataclass(frozen=True)
class LabelBins:
    """Sums over the known cells of each label, by probability.

    Attributes:
        count: (L, 15) int64, known cells.
        probability: (L, 15) float64, their probabilities.
        yes: (L, 15) float64, those that are yes.
        squares: (L,) float64, squared errors.
    """

    count: np.ndarray
    probability: np.ndarray
    yes: np.ndarray
    squares: np.ndarray

    @property
    def pooled(self) -> ReliabilityBins:
        """The bins of all labels together."""
        count = self.count.sum(axis=0)
        sums = self.probability.sum(axis=0), self.yes.sum(axis=0)
        return ReliabilityBins(count, *(ratio(total, count) for total in sums))

    @property
    def calibration_error(self) -> np.ndarray:
        """() float64, expected calibration error of all labels pooled; NaN without a cell."""
        gaps = np.abs((self.probability - self.yes).sum(axis=0)).sum()
        return ratio(gaps, self.count.sum())

    def by_label(self) -> dict[str, np.ndarray]:
        """`ECE` and `Brier`, (L,) float64, NaN for a label without a known cell."""
        num_known = self.count.sum(axis=1)
        gaps = np.abs(self.probability - self.yes).sum(axis=1)
        return {"ECE": ratio(gaps, num_known), "Brier": ratio(self.squares, num_known)}


def label_bins(probabilities: np.ndarray, outcomes: np.ndarray) -> LabelBins:
    """Sort the known cells of each label into bins, some rows at a time.

    Args:
        probabilities: (N, L) in [0, 1]; those of unknown cells are never read.
        outcomes: (N, L) 1 yes, 0 no, -1 unknown.
    """
    num_labels = outcomes.shape[1]
    shape = num_labels, NUM_BINS
    count, squares = np.zeros(shape, np.int64), np.zeros(num_labels)
    probability, yes = np.zeros(shape), np.zeros(shape)
    for block in row_blocks(outcomes.shape):
        rows, columns = np.nonzero(outcomes[block] >= 0)
        cells = probabilities[block][rows, columns].astype(np.float64)
        truth = outcomes[block][rows, columns].astype(np.float64)
        places = columns * NUM_BINS + bins_of(cells)
        count += np.bincount(places, minlength=count.size).reshape(shape)
        probability += np.bincount(places, cells, count.size).reshape(shape)
        yes += np.bincount(places, truth, count.size).reshape(shape)
        squares += np.bincount(columns, np.square(cells - truth), num_labels)
    return LabelBins(count, probability, yes, squares)


def label_calibration(probabilities: np.ndarray, outcomes: np.ndarray) -> dict[str, np.ndarray]:
    """Expected calibration error and Brier score of each label by itself.

    ECE of few cells is mostly noise, which it counts as error: read it beside `num_known`.

    Args:
        probabilities: (N, L) in [0, 1].
        outcomes: (N, L) 1 yes, 0 no, -1 unknown.

    Returns:
        `ECE` and `Brier`, (L,) float64, NaN for a label without a known cell.
    """
    return label_bins(probabilities, outcomes).by_label()

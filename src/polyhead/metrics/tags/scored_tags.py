"""Scores and targets of a tags task, and what its figures sum up, in blocks of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from polyhead.metrics.calibration.calibration import image_squares
from polyhead.metrics.calibration.log_loss import image_log_losses
from polyhead.metrics.calibration.reliability import LabelBins, label_bins
from polyhead.metrics.confusion_counts import ConfusionCounts, count_labels
from polyhead.metrics.known_cells import row_blocks
from polyhead.metrics.tags.agreement import ImageAgreement
from polyhead.metrics.tags.label_ranking import LabelRanking, rank_labels, top_labels


@dataclass(frozen=True)
class ScoredTags:
    """What the figures of a tags task are computed from.

    Attributes:
        classes: The L labels.
        scores: (N, L) float32 or float64; probabilities, unless there are no thresholds.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        thresholds: (L,) probabilities at or above which a label is predicted; None for scores that
            only rank, whose figures of predicted labels and of probabilities are left out.
        labels: (N, L) bool, the predicted labels, where thresholds alone do not decide them.
    """

    classes: Sequence[str]
    scores: np.ndarray
    targets: np.ndarray
    thresholds: np.ndarray | None
    labels: np.ndarray | None = None

    @property
    def has_answers(self) -> bool:
        """Whether labels are predicted at all."""
        return self.labels is not None or self.thresholds is not None

    @property
    def blocks(self) -> Iterator[slice]:
        """Rows that are worked on together."""
        return row_blocks(self.targets.shape)

    @cached_property
    def num_known(self) -> np.ndarray:
        """(N,) known labels of each image."""
        found = np.zeros(len(self.targets), np.int64)
        for rows in self.blocks:
            found[rows] = (self.targets[rows] >= 0).sum(axis=1)
        return found

    @cached_property
    def agreement(self) -> ImageAgreement:
        """How far the predicted labels of each image agree with its known ones."""
        nothing = ImageAgreement.of(self._predicted(slice(0)), self.targets[:0])
        parts = [
            ImageAgreement.of(self._predicted(rows), self.targets[rows]) for rows in self.blocks
        ]
        return ImageAgreement.joined([nothing, *parts])

    @cached_property
    def squares(self) -> np.ndarray:
        """(N,) squared errors of each image's known cells, summed."""
        return image_squares(self.scores, self.targets)

    @cached_property
    def log_losses(self) -> np.ndarray:
        """(N,) log loss of each image's known cells, summed."""
        return image_log_losses(self.scores, self.targets)

    @cached_property
    def bins(self) -> LabelBins:
        """The known cells of each label by probability."""
        return label_bins(self.scores, self.targets)

    @cached_property
    def ranked(self) -> LabelRanking:
        """How the labels of each image are ranked."""
        return rank_labels(self.scores, self.targets)

    def counts(self, weights: np.ndarray) -> ConfusionCounts:
        """How often each label was predicted rightly, predicted wrongly and missed.

        Args:
            weights: (N,) or (N, R) how often each image counts.
        """
        parts = (
            count_labels(self._predicted(rows), self.targets[rows], weights[rows])
            for rows in self.blocks
        )
        return sum(parts, start=self._uncounted(weights))

    def top_counts(self, weights: np.ndarray, num_labels: int) -> ConfusionCounts:
        """As `counts`, where the labels of an image's highest scores are predicted."""
        parts = (
            count_labels(
                top_labels(self.scores[rows], self.targets[rows], num_labels),
                self.targets[rows],
                weights[rows],
            )
            for rows in self.blocks
        )
        return sum(parts, start=self._uncounted(weights))

    def occurrence(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(L,) or (L, R) float64: how often each label is true, and how often it is known."""
        found = np.zeros((2, self.targets.shape[1], *weights.shape[1:]))
        for rows in self.blocks:
            part = self.targets[rows]
            found += [(part == 1).T @ weights[rows], (part >= 0).T @ weights[rows]]
        return found[0], found[1]

    def _uncounted(self, weights: np.ndarray) -> ConfusionCounts:
        nothing = np.zeros((self.targets.shape[1], *weights.shape[1:]))
        return ConfusionCounts(nothing, nothing, nothing)

    def _predicted(self, rows: slice) -> np.ndarray:
        """(B, L) bool, the labels predicted for some images."""
        if self.labels is not None:
            return self.labels[rows]
        return self.scores[rows] >= self.thresholds

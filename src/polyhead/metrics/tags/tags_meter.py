"""The meter of a tags task: chunks of predictions in, its part of `evaluation.json` out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polyhead.metrics.known_cells import check_probabilities, check_width, known_cells
from polyhead.metrics.tags.scored_tags import ScoredTags
from polyhead.metrics.tags.tags_figures import tags_entry


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
        check_width(probabilities, self.classes)
        known = known_cells(probabilities, targets)
        self._probabilities.append(check_probabilities(np.where(known, probabilities, 0)))
        self._targets.append(targets.astype(np.int8))

    @property
    def probabilities(self) -> np.ndarray:
        """(N, L) float32 of all chunks, 0 in unknown cells."""
        self._probabilities = _joined(self._probabilities)
        return self._probabilities[0]

    @property
    def targets(self) -> np.ndarray:
        """(N, L) int8 of all chunks: 1 yes, 0 no, -1 unknown."""
        self._targets = _joined(self._targets)
        return self._targets[0]

    def compute(
        self,
        thresholds: Sequence[float] | np.ndarray | None = None,
        *,
        labels: np.ndarray | None = None,
        intervals: bool = False,
    ) -> dict[str, Any]:
        """The figures of the task, ready for JSON: what is undefined is None.

        `mAP_chance` is what a random ranking scores: the mean prevalence of the evaluated classes.

        Args:
            thresholds: L probabilities at or above which a label is predicted; 0.5 each when None.
            labels: (N, L) bool predicted labels, where a threshold alone does not decide them.
            intervals: Whether to add 95 % intervals over images (`low`, `high`), which
                all but `ECE` have.

        Returns:
            `num_images`, `num_known`, `num_classes`, `num_classes_evaluated`, `metrics`,
            `per_class` and `reliability`, the bins of all labels pooled.

        Raises:
            ValueError: There are not L thresholds.
        """
        cuts = np.full(len(self.classes), 0.5) if thresholds is None else np.array(thresholds)
        if cuts.shape != (len(self.classes),):
            raise ValueError(
                f"Parameter `thresholds` should hold {len(self.classes)} values, one a class. "
                f"Found shape {cuts.shape}."
            )
        scored = ScoredTags(self.classes, self.probabilities, self.targets, cuts, labels)
        return tags_entry(scored, intervals=intervals)


def _joined(chunks: list[np.ndarray]) -> list[np.ndarray]:
    """The same as one chunk, so that a second look costs no second copy.

    Each chunk is let go once it is copied: together they take little more than one table.
    """
    if len(chunks) == 1:
        return chunks
    joined = np.empty((sum(map(len, chunks)), chunks[0].shape[1]), chunks[0].dtype)
    end = len(joined)
    while chunks:
        part = chunks.pop()
        joined[end - len(part) : end] = part
        end -= len(part)
    return [joined]

"""Iterative stratification: parts that resemble each other in every label at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def stratify(labels: np.ndarray, units: np.ndarray, shares: np.ndarray, seed: int) -> np.ndarray:
    """Assign units to parts, label by label from the rarest, each to the part that needs it most.

    Sechidis et al., *On the stratification of multi-label data* (ECML 2011), algorithm 1, on
    units instead of rows: a unit counts with all its rows, and larger units go first. Unknown
    cells count for nothing.

    Args:
        labels: (N, L) int8: 1 yes, 0 no, −1 unknown. L may be 0.
        units: (N,) unit of each row, from 0.
        shares: (P,) share of each part, summing to 1.
        seed: Seed of the order of equal units.

    Returns:
        (U,) int64 part of each unit. A part with a share is never empty when there are as many
        units as such parts.
    """
    from scipy.sparse import csc_array

    generator = np.random.default_rng(seed)
    num_rows = np.bincount(units)
    counts = _positives(labels, units, len(num_rows))
    parts = _Parts(counts, num_rows, shares)
    shuffled = generator.permutation(len(num_rows))
    by_label = csc_array(counts)
    remaining = np.asarray(counts.sum(axis=0)).astype(np.int64)
    # Rarest label first: its few positives can still be shared fairly, and frequent labels fill
    # the gaps later. A unit is assigned once, so that each pass uses up all positives of a label.
    while remaining.any():
        label = int(np.argmin(np.where(remaining > 0, remaining, np.iinfo(np.int64).max)))
        span = slice(by_label.indptr[label], by_label.indptr[label + 1])
        weights = np.zeros(len(num_rows), np.int64)
        weights[by_label.indices[span]] = by_label.data[span]
        order = shuffled[(weights[shuffled] > 0) & (parts.of_unit[shuffled] < 0)]
        remaining -= parts.fill(order, weights[order], label)
    rest = shuffled[parts.of_unit[shuffled] < 0]
    parts.fill(rest, num_rows[rest], None)
    return _without_empty_parts(parts.of_unit, num_rows, shares)


class _Parts:
    """Rows that each part still needs, in total and of each label."""

    def __init__(self, counts: csr_array, num_rows: np.ndarray, shares: np.ndarray) -> None:
        self.of_unit = np.full(len(num_rows), -1)
        self._counts = counts
        self._num_rows = num_rows
        self._open = np.flatnonzero(shares > 0).tolist()
        self._lacking = np.outer(shares, np.asarray(counts.sum(axis=0)))  # (P, L)
        self._room = (shares * num_rows.sum()).tolist()  # (P,)

    def fill(self, units: np.ndarray, weights: np.ndarray, label: int | None) -> np.ndarray:
        """Assign units by the need of one label, then by room; (L,) positives assigned."""
        order = np.argsort(-weights, kind="stable")
        units, weights = units[order], weights[order]
        lacking = self._room if label is None else self._lacking[:, label].tolist()
        self.of_unit[units] = self._pick(weights.tolist(), self._num_rows[units].tolist(), lacking)
        assigned = np.zeros(self._lacking.shape[1], np.int64)
        for part in self._open:
            positives = self._counts[units[self.of_unit[units] == part]].sum(axis=0)
            self._lacking[part] -= positives
            assigned += positives
        return assigned

    def _pick(self, weights: list[int], rows: list[int], lacking: list[float]) -> list[int]:
        room, picked = self._room, []
        tracked = lacking is not room
        for weight, num_rows in zip(weights, rows, strict=True):
            best = max(self._open, key=lambda part: (lacking[part], room[part]))
            if tracked:
                lacking[best] -= weight
            room[best] -= num_rows
            picked.append(best)
        return picked


def _positives(labels: np.ndarray, units: np.ndarray, num_units: int) -> csr_array:
    """(U, L) number of rows of each unit that are known to have each label."""
    from scipy.sparse import csr_array

    row, label = np.nonzero(labels == 1)
    ones = np.ones(len(row), np.int64)
    counts = csr_array((ones, (units[row], label)), shape=(num_units, labels.shape[1]))
    counts.sum_duplicates()
    return counts


def _without_empty_parts(parts: np.ndarray, num_rows: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Move the smallest unit of the part with the most units to each part that got none."""
    for part in np.flatnonzero(shares > 0):
        sizes = np.bincount(parts, minlength=len(shares))
        donor = int(np.argmax(sizes))
        if sizes[part] == 0 and sizes[donor] > 1:
            candidates = np.flatnonzero(parts == donor)
            parts[candidates[np.argmin(num_rows[candidates])]] = part
    return parts

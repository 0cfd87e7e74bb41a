"""Exact answers of a field of up to about 22 labels, by sums over pairs of half sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from polyhead.field.half_states import SMALLEST_SUM
from polyhead.field.halves import Halves

MAX_CELLS = 2**20  # of half sets of images held at once: 8 MB an array


@dataclass(frozen=True, eq=False)
class Halved:
    """Every legal set as a pair (a, b): exp(u·a) E_ab exp(u·b), E = exp(½ (s−μ)ᵀ W (s−μ)).

    All 2^22 sets of 22 labels become a matrix of 2^11 × 2^11, which two matrix products sum for
    many images at once. Answers as `Enumeration` does.

    Attributes:
        halves: Of the legal sets.
        couplings: (n, n) W.
        means: (n,) μ.
    """

    halves: Halves
    couplings: np.ndarray
    means: np.ndarray

    @property
    def num_sets(self) -> int:
        """Pairs of half sets."""
        return len(self.halves.left) * len(self.halves.right)

    def log_partition(self, unaries: np.ndarray, evidence: np.ndarray | None = None) -> np.ndarray:
        """(B,) log of the sum over sets, or over those that agree with `evidence` (B, n)."""
        found = np.empty(len(unaries))
        for piece in self._pieces(unaries, evidence):
            with np.errstate(divide="ignore"):
                found[piece.rows] = np.log((piece.first * piece.heard).sum(1)) + piece.peak
        return found

    def marginals(self, unaries: np.ndarray, evidence: np.ndarray | None = None) -> np.ndarray:
        """(B, n) probabilities of each label; 0 where no set agrees."""
        found = np.empty(unaries.shape)
        left, right = self._lists
        for piece in self._pieces(unaries, evidence):
            of_left = piece.first * piece.heard
            of_right = piece.second * (piece.first @ piece.meeting)
            total = of_left.sum(1, keepdims=True)
            total[total == 0] = 1.0
            both = np.concatenate([of_left @ left, of_right @ right], 1) / total
            found[np.ix_(piece.rows, self.halves.order)] = both
        return found

    def mode(self, unaries: np.ndarray, evidence: np.ndarray | None = None) -> np.ndarray:
        """(B, n) bool, the likeliest set."""
        found = np.empty(unaries.shape, bool)
        left, right = self._scores(unaries, evidence)
        for row, (a, b) in enumerate(zip(left, right, strict=True)):
            best = np.argmax(self._energies + a[:, None] + b)
            first, second = np.unravel_index(best, self._energies.shape)
            pair = self.halves.left[first], self.halves.right[second]
            found[row, self.halves.order] = np.concatenate(pair)
        return found

    def marginals_by_size(self, unaries: np.ndarray, evidence: np.ndarray | None) -> np.ndarray:
        """(B, n + 1, n + 1): [:, i, s] = P(y_i = 1, |y| = s), and [:, n, s] = P(|y| = s)."""
        num_labels = len(self.means)
        found = np.zeros((len(unaries), num_labels + 1, num_labels + 1))
        by_size = [
            [np.flatnonzero(half.sum(1) == size) for size in range(half.shape[1] + 1)]
            for half in (self.halves.left, self.halves.right)
        ]
        for piece in self._pieces(unaries, evidence):
            total = (piece.first * piece.heard).sum(1)
            for a, rows in enumerate(by_size[0]):
                for b, columns in enumerate(by_size[1]):
                    together = piece.together(rows, columns, *self._lists)
                    found[piece.rows, :, a + b] += together / total[:, None]
        order = np.append(self.halves.order, num_labels)
        return found[:, np.argsort(order)]

    @cached_property
    def _lists(self) -> tuple[np.ndarray, np.ndarray]:
        return self.halves.left.astype(float), self.halves.right.astype(float)

    @cached_property
    def _energies(self) -> np.ndarray:
        """(A, B) of every pair; −inf where it is illegal."""
        order, middle = self.halves.order, self.halves.num_left
        weights, means = self.couplings[np.ix_(order, order)], self.means[order]
        left, right = self._lists[0] - means[:middle], self._lists[1] - means[middle:]
        energies = (left @ weights[:middle, middle:]) @ right.T
        energies += 0.5 * ((left @ weights[:middle, :middle]) * left).sum(1)[:, None]
        energies += 0.5 * ((right @ weights[middle:, middle:]) * right).sum(1)
        if self.halves.meets is not None:
            energies[~self.halves.meets] = -np.inf
        return energies

    @cached_property
    def _meeting(self) -> np.ndarray:
        return np.exp(self._energies - self._energies.max())

    def _scores(
        self, unaries: np.ndarray, evidence: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(B, A) u·a and (B, B') u·b; −inf where they disagree with the evidence."""
        order, middle = self.halves.order, self.halves.num_left
        found = []
        for sets, labels in zip(self._lists, (order[:middle], order[middle:]), strict=True):
            score = unaries[:, labels] @ sets.T
            if evidence is not None:
                known = evidence[:, labels]
                score[(known == 1) @ (1 - sets.T) + (known == 0) @ sets.T > 0] = -np.inf
            found.append(score)
        return found[0], found[1]

    def _pieces(self, unaries: np.ndarray, evidence: np.ndarray | None) -> Iterator[_Piece]:
        """Some images at a time; those whose sum is lost to underflow one by one."""
        step = max(1, MAX_CELLS // len(self._energies))
        for start in range(0, len(unaries), step):
            rows = np.arange(start, min(start + step, len(unaries)))
            known = None if evidence is None else evidence[rows]
            left, right = self._scores(unaries[rows], known)
            peaks = [_peak(left), _peak(right)]
            first, second = np.exp(left - peaks[0]), np.exp(right - peaks[1])
            # For each left half, the summed weight of the right halves that may join it.
            heard = second @ self._meeting.T
            peak = (peaks[0] + peaks[1])[:, 0] + self._energies.max()
            safe = (first * heard).sum(1) > SMALLEST_SUM
            yield _Piece(
                rows[safe], first[safe], second[safe], self._meeting, heard[safe], peak[safe]
            )
            for row in np.flatnonzero(~safe):
                yield _alone(rows[row], self._energies + left[row][:, None] + right[row])


@dataclass(frozen=True, eq=False)
class _Piece:
    """Weights of the half sets of some images: first (b, A), second (b, B), heard = second Eᵀ."""

    rows: np.ndarray
    first: np.ndarray
    second: np.ndarray
    meeting: np.ndarray
    heard: np.ndarray
    peak: np.ndarray

    def together(
        self, rows: np.ndarray, columns: np.ndarray, left: np.ndarray, right: np.ndarray
    ) -> np.ndarray:
        """(b, n + 1) weight of each label, and of all, in the pairs of some rows and columns."""
        meeting = self.meeting[np.ix_(rows, columns)]
        of_left = self.first[:, rows] * (self.second[:, columns] @ meeting.T)
        of_right = self.second[:, columns] * (self.first[:, rows] @ meeting)
        total = of_left.sum(1, keepdims=True)
        return np.concatenate([of_left @ left[rows], of_right @ right[columns], total], 1)


def _alone(row: np.intp, scores: np.ndarray) -> _Piece:
    """One image by the scores of all pairs (A, B), which no difference in size can spoil."""
    peak = scores.max()
    meeting = np.exp(scores - (peak if np.isfinite(peak) else 0.0))
    first, second = (np.ones((1, size)) for size in meeting.shape)
    heard = meeting.sum(1)[None]
    return _Piece(np.array([row]), first, second, meeting, heard, np.array([peak]))


def _peak(scores: np.ndarray) -> np.ndarray:
    """(B, 1) the largest of each row, 0 where all are −inf."""
    peak = scores.max(1, keepdims=True)
    return np.where(np.isneginf(peak), 0.0, peak)

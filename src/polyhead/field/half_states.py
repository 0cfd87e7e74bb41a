"""Sums over states as a product of two half-lists, which spares most exponentials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALLEST_SUM = 1e-200  # below it, terms may have been lost to underflow
MAX_FILL = 4  # pairs of halves to a state: beyond it a list of states is shorter


@dataclass(frozen=True, eq=False)
class HalfStates:
    """States s = (a, b) cut in the middle: exp(u·s + e_s) = exp(u·a) E_ab exp(u·b).

    E is 0 where a and b do not meet in a legal state. 4,096 states of 12 labels become 64 × 64.

    Attributes:
        left: (A, n // 2) float64, the different first halves.
        right: (B, n − n // 2) float64, the different second halves.
        meeting: (A, B) exp(e_s − max e).
        peak: max e.
    """

    left: np.ndarray
    right: np.ndarray
    meeting: np.ndarray
    peak: float

    @classmethod
    def of(cls, states: np.ndarray, energies: np.ndarray) -> HalfStates | None:
        """The halves of (M, n) states, or None where they meet too seldom to gain anything."""
        middle = states.shape[1] // 2
        left, first = np.unique(states[:, :middle], axis=0, return_inverse=True)
        right, second = np.unique(states[:, middle:], axis=0, return_inverse=True)
        if len(left) * len(right) > MAX_FILL * len(states):
            return None
        meeting = np.zeros((len(left), len(right)))
        peak = float(energies.max())
        meeting[first, second] = np.exp(energies - peak)
        return cls(left.astype(float), right.astype(float), meeting, peak)

    def solve(
        self, unaries: np.ndarray, evidence: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Log Z, marginals and which rows of them are exact.

        Args:
            unaries: (B, n).
            evidence: (B, n) 1 yes, 0 no, -1 unknown; or None.

        Returns:
            (B,) and (B, n) float64, and (B,) bool: rows whose sum is too small to trust are False.
        """
        middle = self.left.shape[1]
        known = (None, None) if evidence is None else (evidence[:, :middle], evidence[:, middle:])
        first, first_peak = _weights(unaries[:, :middle], self.left, known[0])
        second, second_peak = _weights(unaries[:, middle:], self.right, known[1])
        of_first = first * (second @ self.meeting.T)
        of_second = second * (first @ self.meeting)
        total = of_first.sum(1)
        is_exact = total > SMALLEST_SUM
        total = np.where(is_exact, total, 1.0)
        marginals = np.concatenate([of_first @ self.left, of_second @ self.right], axis=1)
        log_partition = np.log(total) + first_peak + second_peak + self.peak
        return log_partition, marginals / total[:, None], is_exact


def _weights(
    unaries: np.ndarray, halves: np.ndarray, evidence: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """exp(u·a − peak) (B, A), 0 where a disagrees with the evidence, and the peaks (B,)."""
    score = unaries @ halves.T
    peak = score.max(1)
    weights = np.exp(score - peak[:, None])
    if evidence is not None:
        weights[(evidence == 1) @ (1 - halves.T) + (evidence == 0) @ halves.T > 0] = 0
    return weights, peak

"""Exact answers of a small field: every legal state weighed at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from polyhead.field.half_states import HalfStates

MAX_SCORES = 2**20  # held at once: 8 MB


@dataclass(frozen=True, eq=False)
class Enumeration:
    """M states s of n labels and their energies e_s = ½ (s − μ)ᵀ W (s − μ).

    Every answer reads score = U Sᵀ + e (B, M): log Z = lse(score), P = softmax(score). Known labels
    give the states that disagree a score of −inf. Where gates α (B, R) of the images add to W,
    energies of what each adds are listed once too, and weighed: e + α E.

    Attributes:
        states: (M, n) bool, in lexical order.
        energies: (M,) float64 e.
        gates: (B, R) α of the images asked about, or None.
        gated_energies: (R, M) float64 E, or None.
    """

    states: np.ndarray
    energies: np.ndarray
    gates: np.ndarray | None = None
    gated_energies: np.ndarray | None = None

    @classmethod
    def of(cls, states: np.ndarray, couplings: np.ndarray, means: np.ndarray) -> Enumeration:
        """The energies of some states under a coupling matrix (n, n) and means (n,)."""
        return cls(states, _energies(states - means, couplings))

    def gated(self, gates: np.ndarray, added: np.ndarray, means: np.ndarray) -> Enumeration:
        """The same states for images whose gates (B, R) add couplings (R, n, n)."""
        centred = self.states - means
        listed = np.stack([_energies(centred, each) for each in added])
        return replace(self, gates=gates, gated_energies=listed)

    @property
    def num_sets(self) -> int:
        """M."""
        return len(self.states)

    @cached_property
    def _columns(self) -> np.ndarray:
        return np.ascontiguousarray(self.states.T, dtype=np.float64)

    @cached_property
    def _halves(self) -> HalfStates | None:
        if self.gates is not None:  # energies of each image would want halves of its own
            return None
        return HalfStates.of(self.states, self.energies)

    def log_partition(self, unaries: np.ndarray, evidence: np.ndarray | None = None) -> np.ndarray:
        """(B,) log of the sum over states, or over those that agree with `evidence` (B, n)."""
        return self.sums(unaries, evidence)[0]

    def marginals(self, unaries: np.ndarray, evidence: np.ndarray | None = None) -> np.ndarray:
        """(B, n) probabilities of each label."""
        return self.sums(unaries, evidence)[1]

    def sums(
        self, unaries: np.ndarray, evidence: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Log of the sum over states (B,), and marginals (B, n); −inf and 0 where none agrees."""
        if self._halves is None:
            return self._sums(unaries, evidence)
        log_partition, marginals, is_exact = self._halves.solve(unaries, evidence)
        if not is_exact.all():
            rest = ~is_exact
            known = None if evidence is None else evidence[rest]
            log_partition[rest], marginals[rest] = self._sums(unaries[rest], known)
        return log_partition, marginals

    def _sums(
        self, unaries: np.ndarray, evidence: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same, state by state, which no difference in size can spoil."""
        parts = []
        for score in self._scores(unaries, evidence):
            peak = score.max(1, keepdims=True)
            agrees = ~np.isneginf(peak)
            score -= np.where(agrees, peak, 0.0)
            np.exp(score, out=score)
            total = np.where(agrees, score.sum(1, keepdims=True), 1.0)
            parts.append((peak[:, 0] + np.log(total[:, 0]), score @ self._columns.T / total))
        return np.concatenate([z for z, _ in parts]), np.concatenate([p for _, p in parts])

    def mode(self, unaries: np.ndarray, evidence: np.ndarray | None = None) -> np.ndarray:
        """(B, n) bool, the state of the highest score."""
        return self._answer(unaries, evidence, lambda score: self.states[score.argmax(1)])

    def marginals_by_size(self, unaries: np.ndarray, evidence: np.ndarray | None) -> np.ndarray:
        """(B, n + 1, n + 1): [:, i, s] = P(y_i = 1, |y| = s), and [:, n, s] = P(|y| = s)."""
        num_labels = self.states.shape[1]
        by_size = self.states.sum(1)[:, None] == np.arange(num_labels + 1)
        with_total = np.vstack([self._columns, np.ones(len(self.states))])

        def answer(score: np.ndarray) -> np.ndarray:
            probabilities = weights(score)
            found = np.empty((len(score), num_labels + 1, num_labels + 1))
            for size in range(num_labels + 1):
                chosen = by_size[:, size]
                found[:, :, size] = probabilities[:, chosen] @ with_total[:, chosen].T
            return found

        return self._answer(unaries, evidence, answer)

    def _answer(
        self,
        unaries: np.ndarray,
        evidence: np.ndarray | None,
        answer: Callable[[np.ndarray], np.ndarray],
    ) -> np.ndarray:
        return np.concatenate([answer(score) for score in self._scores(unaries, evidence)])

    def _scores(self, unaries: np.ndarray, evidence: np.ndarray | None) -> Iterator[np.ndarray]:
        """The (b, M) scores, so many rows at once as fit; at least once, if without rows."""
        step = max(1, MAX_SCORES // len(self.states))
        for start in range(0, max(len(unaries), 1), step):
            rows = slice(start, start + step)
            score = unaries[rows] @ self._columns
            score += self.energies
            if self.gates is not None and self.gated_energies is not None:
                score += self.gates[rows] @ self.gated_energies
            if evidence is not None and (evidence[rows] >= 0).any():
                known = evidence[rows]
                wrong = (known == 1) @ (1 - self._columns) + (known == 0) @ self._columns
                score[wrong > 0] = -np.inf
            yield score


def _energies(centred: np.ndarray, couplings: np.ndarray) -> np.ndarray:
    """(M,) ½ cᵀ W c of centred states (M, n)."""
    return 0.5 * np.einsum("mi,mi->m", centred @ couplings, centred)


def weights(score: np.ndarray) -> np.ndarray:
    """Softmax over the states, in place of `score` (b, M)."""
    score -= score.max(1, keepdims=True)
    np.exp(score, out=score)
    score /= score.sum(1, keepdims=True)
    return score

"""The known joint distribution over the tags of a street scene."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyhead.errors import ConfigError
from polyhead.scenes.vocabulary import TAGS

MAX_LABELS = 16  # 65,536 states: enumeration stays instant

UNARY = {
    "building": 0.7,
    "tree": 0.05,
    "car": -0.35,
    "bus": -2.6,
    "bicycle": -1.3,
    "person": -0.5,
    "traffic light": -2.3,
    "dog": -2.9,
    "crosswalk": -2.2,
    "rain": -0.6,
    "snow": -1.1,
    "fog": -1.3,
}
"""u: the log-odds of each tag while every other tag is false."""

COUPLINGS = {
    ("building", "tree"): -0.5,
    ("building", "car"): 0.4,
    ("building", "traffic light"): 0.5,
    ("building", "bus"): 0.3,
    ("tree", "dog"): 0.7,
    ("tree", "bicycle"): 0.4,
    ("car", "traffic light"): 0.8,
    ("car", "bicycle"): -0.4,
    ("bus", "traffic light"): 1.5,
    ("bus", "person"): 0.6,
    ("bus", "dog"): -0.8,
    ("bicycle", "person"): 0.8,
    ("bicycle", "rain"): -0.9,
    ("bicycle", "snow"): -1.2,
    ("person", "dog"): 2.0,
    ("person", "rain"): -0.6,
    ("person", "crosswalk"): 0.6,
    ("traffic light", "crosswalk"): 1.4,
    ("dog", "rain"): -0.7,
    ("rain", "fog"): -0.8,
    ("snow", "fog"): -0.4,
}
"""W: the change of a pair's log-odds ratio; pairs left out are independent given the rest."""

EXCLUSIVE = (("rain", "snow"),)
"""Pairs that never occur together, whatever the correlation."""


class LabelDistribution:
    """A pairwise random field over L binary labels, small enough to enumerate.

    p(y) ∝ exp( Σ_i u_i y_i + c · Σ_{i<j} W_ij y_i y_j ) with y in {0, 1}^L. An entry
    W_ij = -inf forbids the pair at every c, also at c = 0.

    Args:
        labels: L label names.
        unary: (L,) u.
        pairwise: (L, L) W, symmetric, zero on the diagonal.
        correlation: c; 0 makes the labels independent but for the forbidden pairs.

    Raises:
        ConfigError: A shape or value is wrong, or there are more than 16 labels.
    """

    def __init__(
        self,
        labels: Sequence[str],
        unary: np.ndarray,
        pairwise: np.ndarray,
        correlation: float = 1.0,
    ) -> None:
        self.labels = tuple(labels)
        self.unary = np.asarray(unary, dtype=np.float64)
        self.pairwise = np.asarray(pairwise, dtype=np.float64)
        self.correlation = float(correlation)
        self._refuse_bad_parameters()
        self.states = self._enumerate()
        log_weights = self._log_weights(self.states)
        peak = log_weights.max()
        self.log_partition = float(peak + np.log(np.exp(log_weights - peak).sum()))
        self.probabilities = np.exp(log_weights - self.log_partition)
        self._cumulative = np.cumsum(self.probabilities)

    def log_probability(self, states: np.ndarray) -> np.ndarray:
        """Exact ln p(y).

        Args:
            states: (..., L) of 0 and 1.

        Returns:
            (...) float64; -inf where a forbidden pair occurs.
        """
        return self._log_weights(np.asarray(states)) - self.log_partition

    def marginals(self) -> np.ndarray:
        """(L,) P(y_i = 1), exact."""
        return self.probabilities @ self.states

    def pair_marginals(self) -> np.ndarray:
        """(L, L) P(y_i = 1, y_j = 1), exact; the diagonal holds the marginals."""
        return (self.states * self.probabilities[:, None]).T @ self.states

    def sample(self, generator: np.random.Generator, num: int) -> np.ndarray:
        """Draw independent states.

        Returns:
            (num, L) bool.
        """
        positions = generator.random(num) * self._cumulative[-1]
        drawn = np.searchsorted(self._cumulative, positions, side="right")
        return self.states[drawn].astype(bool)

    def _refuse_bad_parameters(self) -> None:
        num, w = len(self.labels), self.pairwise
        if not 1 <= num <= MAX_LABELS:
            raise ConfigError(f"Found {num} labels, expected 1 to {MAX_LABELS}: pass fewer.")
        if self.unary.shape != (num,) or w.shape != (num, num):
            raise ConfigError(
                f"Found `unary` {self.unary.shape} and `pairwise` {w.shape}, "
                f"expected ({num},) and ({num}, {num}) for {num} labels."
            )
        if not np.array_equal(w, w.T) or np.any(np.diag(w)):
            raise ConfigError("`pairwise` should be symmetric with a zero diagonal.")
        if np.any(np.isnan(w) | (w == np.inf)) or not np.all(np.isfinite(self.unary)):
            raise ConfigError("`unary` should be finite, `pairwise` finite or -inf (forbidden).")
        if not 0.0 <= self.correlation < np.inf:
            raise ConfigError(
                f"Found correlation {self.correlation}, expected a number of at least 0 "
                "(0 independent, 1 as designed)."
            )

    def _enumerate(self) -> np.ndarray:
        num = len(self.labels)
        codes = np.arange(2**num, dtype=np.int64)[:, None]
        return ((codes >> np.arange(num)) & 1).astype(np.float64)

    def _log_weights(self, states: np.ndarray) -> np.ndarray:
        states = states.astype(np.float64)
        forbidden = np.isneginf(self.pairwise)
        finite = np.where(forbidden, 0.0, self.pairwise) * self.correlation
        value = states @ self.unary + 0.5 * np.einsum("...i,ij,...j", states, finite, states)
        clashes = np.einsum("...i,ij,...j", states, forbidden.astype(np.float64), states)
        return np.where(clashes > 0, -np.inf, value)


def street_distribution(correlation: float = 1.0) -> LabelDistribution:
    """The distribution that every street scene's tags are drawn from.

    Args:
        correlation: Scale of the couplings; 0 keeps only "rain excludes snow".

    >>> street = street_distribution()
    >>> round(float(street.probabilities.sum()), 6)
    1.0
    """
    pairwise = np.zeros((len(TAGS), len(TAGS)))
    weights = COUPLINGS | dict.fromkeys(EXCLUSIVE, -np.inf)
    for (first, second), weight in weights.items():
        i, j = TAGS.index(first), TAGS.index(second)
        pairwise[i, j] = pairwise[j, i] = weight
    unary = np.array([UNARY[label] for label in TAGS])
    return LabelDistribution(TAGS, unary, pairwise, correlation)

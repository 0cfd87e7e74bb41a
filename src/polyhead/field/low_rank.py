"""What gates of an image add to the couplings: Σ_r α_r(x) a_r a_rᵀ."""

from __future__ import annotations

import numpy as np

from polyhead.field.rules import Rules


def ruled_pairs(num_labels: int, rules: Rules) -> np.ndarray:
    """(L, L) bool, symmetric: pairs that one rule joins, which have no coupling of their own.

    >>> ruled_pairs(3, Rules(exclusive=((0, 2),))).astype(int).tolist()
    [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    """
    ruled = np.zeros((num_labels, num_labels), bool)
    for group in rules.groups:
        ruled[np.ix_(group, group)] = True
    for source, target in rules.implies:
        ruled[source, target] = ruled[target, source] = True
    np.fill_diagonal(ruled, False)
    return ruled


def added_couplings(directions: np.ndarray, rules: Rules) -> np.ndarray:
    """(R, L, L) a_r a_rᵀ, zero on the diagonal and between labels that a rule joins.

    Args:
        directions: (R, L) a_r.
        rules: Over the L labels.
    """
    free = ~ruled_pairs(directions.shape[1], rules)
    np.fill_diagonal(free, False)
    return directions[:, :, None] * directions[:, None, :] * free

"""The most likely state of a field by mixed-integer programming (HiGHS)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyhead.field.rules import Rules

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TIME_LIMIT = 1.0  # seconds


def mixed_integer(log_odds: np.ndarray, couplings: np.ndarray, rules: Rules) -> np.ndarray | None:
    """Argmax of u'·y + Σ_{i<j} W_ij y_i y_j over legal y, of one image.

    Each pair has z = y_i y_j: z <= y_i and z <= y_j where W_ij > 0, z >= y_i + y_j − 1 where
    W_ij < 0. Rules are rows of the programme.

    Args:
        log_odds: (n,) u', of the un-centred field.
        couplings: (n, n) W.
        rules: Over the n labels.

    Returns:
        (n,) bool; None when time ran out before a state was found.
    """
    from scipy.optimize import milp
    from scipy.sparse import csr_array, hstack

    rows, columns = np.nonzero(np.triu(couplings, 1))
    weights, num_labels = couplings[rows, columns], len(log_odds)
    constraints: list[Any] = []
    if len(weights):
        constraints.append(_products(rows, columns, weights, num_labels))
    if rules:
        matrix, lower, upper = rules.linear(num_labels)
        widened = hstack([matrix, csr_array((len(lower), len(weights)))], format="csr")
        constraints.append((widened, lower, upper))
    found = milp(
        -np.r_[log_odds, weights],
        integrality=np.r_[np.ones(num_labels), np.zeros(len(weights))],
        bounds=(0, 1),
        constraints=constraints,
        options={"time_limit": TIME_LIMIT, "mip_rel_gap": 1e-9},
    )
    if found.x is None:
        return None
    return found.x[:num_labels] > 0.5


def _products(
    rows: np.ndarray, columns: np.ndarray, weights: np.ndarray, num_labels: int
) -> tuple[csr_array, float, np.ndarray]:
    """Two rows for each attractive pair, one for each repulsive."""
    from scipy.sparse import csr_array

    attract, repel = np.flatnonzero(weights > 0), np.flatnonzero(weights < 0)
    pair = np.r_[attract, attract, repel, repel]
    label = np.r_[rows[attract], columns[attract], rows[repel], columns[repel]]
    num_single = 2 * len(attract)
    row = np.r_[np.arange(num_single), num_single + np.tile(np.arange(len(repel)), 2)]
    size = num_single + len(repel)
    z_row = np.arange(size)
    z_pair = np.r_[pair[:num_single], repel]
    values = np.r_[-np.ones(num_single), np.ones(2 * len(repel))]
    z_values = np.r_[np.ones(num_single), -np.ones(len(repel))]
    matrix = csr_array(
        (np.r_[values, z_values], (np.r_[row, z_row], np.r_[label, num_labels + z_pair])),
        shape=(size, num_labels + len(weights)),
    )
    upper = np.r_[np.zeros(num_single), np.ones(len(repel))]
    return matrix, -np.inf, upper

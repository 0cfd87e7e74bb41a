"""The most likely state of an attractive field as a minimum cut."""

from __future__ import annotations

import numpy as np

CAPACITY = 2**29  # of all edges from the source; flows are 32-bit integers


def min_cut(log_odds: np.ndarray, couplings: np.ndarray, implies: np.ndarray) -> np.ndarray:
    """Argmax of u'·y + Σ_{i<j} W_ij y_i y_j, where all W_ij >= 0, under implications.

    With a_i = u'_i + ½ Σ_j W_ij, the source feeds i by a_i where positive, i feeds the sink by
    −a_i otherwise, i ↔ j holds W_ij / 2, and a ⇒ b an edge without limit; y_i = 1 where i is
    reached from the source in the residual. Capacities are rounded to one part in 2^29 of their
    sum.

    Args:
        log_odds: (B, n) u', of the un-centred field.
        couplings: (n, n) W >= 0.
        implies: (K, 2) pairs (a, b).

    Returns:
        (B, n) bool.
    """
    rows, columns = np.nonzero(couplings)
    tails, heads = np.r_[rows, implies[:, 0]], np.r_[columns, implies[:, 1]]
    inner = np.r_[couplings[rows, columns] / 2, np.full(len(implies), np.inf)]
    pull = log_odds + couplings.sum(1) / 2
    return np.array([_cut(row, tails, heads, inner) for row in pull], bool).reshape(pull.shape)


def _cut(pull: np.ndarray, tails: np.ndarray, heads: np.ndarray, inner: np.ndarray) -> np.ndarray:
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    num_labels = len(pull)
    source, sink = num_labels, num_labels + 1
    scale = CAPACITY / max(np.abs(pull).sum(), 1e-200)
    fed, drained = np.flatnonzero(pull > 0), np.flatnonzero(pull <= 0)
    edges = (
        np.r_[tails, np.full(len(fed), source), drained],
        np.r_[heads, fed, np.full(len(drained), sink)],
    )
    # More than the source can feed is without limit.
    capacities = np.minimum(np.r_[inner, pull[fed], -pull[drained]] * scale, 2.0 * CAPACITY)
    graph = csr_matrix((np.rint(capacities).astype(np.int32), edges), shape=(num_labels + 2,) * 2)
    residual = graph - maximum_flow(graph, source, sink).flow
    residual.data = np.maximum(residual.data, 0)
    residual.eliminate_zeros()
    reached = breadth_first_order(residual, source, return_predecessors=False)
    chosen = np.zeros(num_labels + 2, bool)
    chosen[reached] = True
    return chosen[:num_labels]

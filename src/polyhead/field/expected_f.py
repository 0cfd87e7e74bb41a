"""The answer of the highest expected F_β: general F-measure maximiser."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from polyhead.field.rules import UNKNOWN_LABEL, Rules
from polyhead.field.states import legal_states

Repair = Callable[[np.ndarray, np.ndarray], np.ndarray]


def decide_expected_f(
    joint: np.ndarray, beta: float, rules: Rules, evidence: np.ndarray, repair: Repair
) -> np.ndarray:
    """Of each image the legal answer of the highest expected F_β.

    Exact where the legal answers can be listed. Else an illegal one is replaced by the legal one
    of the largest gain over what the answer left out.

    Args:
        joint: (B, L + 1, L + 1), see `maximise_expected_f`.
        beta: > 0.
        rules: Over the L labels.
        evidence: (B, L) 1 yes, 0 no, -1 unknown.
        repair: The legal y of the largest s·y, of scores (1, L) and evidence (1, L).

    Returns:
        (B, L) bool.
    """
    states = legal_states(evidence.shape[1], rules) if rules else None
    chosen = np.zeros(evidence.shape, bool)
    for row, image in enumerate(joint):
        chosen[row] = maximise_expected_f(image, beta, states, evidence[row])
    for row in np.flatnonzero(~rules.legal(chosen)):
        gains = expected_gains(joint[row], beta)[:, max(chosen[row].sum(), 1) - 1]
        kept, left = gains[chosen[row]], gains[~chosen[row]]
        cut = (kept.min(initial=gains.max()) + left.max(initial=0)) / 2
        chosen[row] = repair((gains - cut)[None], evidence[row][None])[0]
    return chosen


def maximise_expected_f(
    joint: np.ndarray, beta: float, states: np.ndarray | None, evidence: np.ndarray
) -> np.ndarray:
    """Argmax over h of E[F_β(y, h)], F_β = (1 + β²)|y ∩ h| / (β²|y| + |h|), 1 where both are ∅.

    P_is = P(y_i = 1, |y| = s); Δ_ik = Σ_s P_is (1 + β²) / (β² s + k); an h of k labels expects
    Σ_{i∈h} Δ_ik, and ∅ expects P(|y| = 0).
    Source: Dembczyński et al., "An exact algorithm for F-measure maximization", NeurIPS 2011.

    Args:
        joint: (L + 1, L + 1) of one image: P_is, and P(|y| = s) in the last row.
        beta: > 0; above 1 recall weighs more.
        states: (M, L) bool legal answers to choose from; all when None.
        evidence: (L,) 1 yes, 0 no, -1 unknown; the answer agrees.

    Returns:
        (L,) bool.
    """
    gains = expected_gains(joint, beta)
    empty = joint[-1, 0]
    if states is None:
        return _best_of_all(gains, empty, evidence)
    known = evidence != UNKNOWN_LABEL
    states = states[(states[:, known] == (evidence[known] == 1)).all(1)]
    sizes = states.sum(1)
    values = (states * gains.T[np.maximum(sizes, 1) - 1]).sum(1)
    return states[np.where(sizes == 0, empty, values).argmax()]


def expected_gains(joint: np.ndarray, beta: float) -> np.ndarray:
    """(L, L): Δ_ik in column k − 1."""
    sizes = np.arange(1, len(joint))
    kernel = (1 + beta**2) / (beta**2 * sizes[:, None] + sizes[None, :])
    return joint[:-1, 1:] @ kernel


def _best_of_all(gains: np.ndarray, empty: float, evidence: np.ndarray) -> np.ndarray:
    first = np.where(evidence == 1, np.inf, np.where(evidence == 0, -np.inf, 0))[:, None]
    order = np.argsort(-(gains + first), axis=0, kind="stable")
    ranked = np.take_along_axis(gains, order, 0)
    num_labels = len(gains)
    values = np.r_[empty, np.tril(ranked.T).sum(1)]
    values[: (evidence == 1).sum()] = -np.inf
    values[num_labels - (evidence == 0).sum() + 1 :] = -np.inf
    size = int(values.argmax())
    chosen = np.zeros(num_labels, bool)
    if size:
        chosen[order[:size, size - 1]] = True
    return chosen

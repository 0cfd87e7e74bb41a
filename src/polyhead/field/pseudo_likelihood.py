"""Log-probability of each known label given the others: what to compare when log Z is too dear."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from polyhead.field.rules import Rules

CERTAIN = 100.0  # log-odds of a label that cannot be otherwise
MAX_CELLS = 2**20  # pairs of labels of images held at once: 8 MB an array


def pseudo_log_likelihood(
    conditionals: np.ndarray, targets: np.ndarray, rules: Rules
) -> np.ndarray:
    """Σ over known labels of log P(y_i | known others).

    A label in an exactly-one group is no site of its own: the group is one categorical site,
    softmax over its members, so that its term is not 0 for want of a legal flip. A label that a
    known partner forces contributes log 1, or −inf where it disagrees.

    Args:
        conditionals: (B, L) u_i + Σ_j W_ij (y_j − μ_j) over known neighbours j, and what unknown
            ones add, see `unknown_neighbours`.
        targets: (B, L) 1 yes, 0 no, -1 unknown.
        rules: Over the L labels.

    Returns:
        (B,) float64, <= 0.
    """
    conditionals = conditionals.copy()
    for group in rules.exclusive:
        for label in group:
            others = [other for other in group if other != label]
            conditionals[(targets[:, others] == 1).any(1), label] = -np.inf
    for source, target in rules.implies:
        conditionals[targets[:, target] == 0, source] = -np.inf
        conditionals[targets[:, source] == 1, target] = np.inf
    total = np.zeros(len(targets))
    single = np.ones(targets.shape[1], bool)
    for group in rules.exactly_one:
        if single[list(group)].all():  # a group that overlaps an earlier one adds no second site
            single[list(group)] = False
            total += _categorical(conditionals[:, group], targets[:, group])
    signed = np.where(targets == 1, conditionals, -conditionals)
    terms = -np.logaddexp(0, -signed)
    return total + np.where((targets >= 0) & single, terms, 0).sum(1)


def unknown_neighbours(
    unaries: np.ndarray,
    targets: np.ndarray,
    couplings: Callable[[np.ndarray], np.ndarray],
    means: np.ndarray,
    rules: Rules,
) -> np.ndarray:
    """(B, L) what unknown labels add to the log-odds of known ones, each summed out by itself.

    Σ over unknown j of log E[exp(W_ij (y_j − μ_j))], y_j as likely as the known others make it
    where i is no: exact of one unknown label. Other unknown labels count with σ(u_k) in it, and
    those that a known partner forces as it says. As `unknown_pull` of the loss of the field.

    Args:
        unaries: (B, L) u.
        targets: (B, L) 1 yes, 0 no, -1 unknown.
        couplings: Of (b,) rows: (L, L) W of all, or (b, L, L) W(x).
        means: (L,) μ.
        rules: Over the L labels.
    """
    from scipy.special import expit

    found = np.zeros(unaries.shape)
    partly = np.flatnonzero((targets >= 0).any(1) & (targets < 0).any(1))
    for rows in np.array_split(partly, 1 + len(partly) * len(means) ** 2 // MAX_CELLS):
        cells, weights = targets[rows], couplings(rows)
        inferred = rules.propagate(cells)[0] if rules else cells
        likely = np.where(inferred >= 0, inferred, expit(unaries[rows]))
        forced = np.where(inferred == 1, CERTAIN, -CERTAIN)
        own = np.where((cells < 0) & (inferred >= 0), forced, unaries[rows])
        odds = own + np.matmul((likely - means)[:, None], weights)[:, 0]
        # Where i is yes, j was pulled by W_ij too much: −log E[exp(−W_ij y_j)] is the same then.
        signs = np.where(cells == 1, -1.0, 1.0)[:, :, None]
        odds = odds[:, None]
        terms = signs * (np.logaddexp(0, odds + signs * weights) - np.logaddexp(0, odds))
        found[rows] = np.where(cells[:, None] >= 0, 0.0, terms - weights * means).sum(-1)
    return found


def _categorical(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(B,) log-probability of what is known of one group (B, n)."""
    from scipy.special import logsumexp

    has_yes = (targets == 1).any(1, keepdims=True)
    agrees = np.where(has_yes, targets == 1, targets != 0)
    agrees &= (targets == 1).sum(1, keepdims=True) <= 1
    with np.errstate(divide="ignore"):
        agreeing = logsumexp(np.where(agrees, scores, -np.inf), axis=1)
        return agreeing - logsumexp(scores, axis=1)

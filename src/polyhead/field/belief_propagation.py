"""Messages between labels: marginals of fields with too many states to list."""

from __future__ import annotations

import numpy as np

from polyhead.field.rules import Rules

DAMPING = 0.5
MAX_ROUNDS = 200
TOLERANCE = 1e-6
MAX_MESSAGES = 2**21  # held at once, a copy: 16 MB
LARGEST = 300.0  # log-odds whose exponential, times another, is still finite


def belief_propagation(
    log_odds: np.ndarray,
    couplings: np.ndarray,
    rules: Rules,
    *,
    appearance: np.ndarray | None = None,
    starts_yes: bool = False,
) -> np.ndarray:
    """Approximate marginals of p(y) ∝ exp(u'·y + Σ_{i<j} W_ij y_i y_j) over legal y.

    Messages are log-odds. A pair sends softplus(h + W_ij) − softplus(h), an implication a ⇒ b
    softplus(h) to b and −softplus(−h) to a, a group −log Σ_{k≠i} exp h_k, with one more term of 1
    where no label of it need be yes; h is the sender's belief without what came from there. Exact
    on trees; a group is one factor, so its marginals add up to (at most) 1 at the fixed point.

    Tree-reweighted with `appearance`: a pair counts ρ_ij times with the coupling W_ij / ρ_ij, which
    has one answer where plain messages have several (Wainwright, Jaakkola & Willsky 2005).

    Args:
        log_odds: (B, n) u' = u − W μ, of the un-centred field.
        couplings: (n, n) W.
        rules: Over the n labels.
        appearance: (n, n) ρ in (0, 1], or None for 1; see `tree_appearance`.
        starts_yes: Start as if all labels were yes, instead of no.

    Returns:
        (B, n) in [0, 1].
    """
    from scipy.special import expit

    messages = _Messages(couplings, rules, appearance)
    step = max(1, MAX_MESSAGES // max(1, len(messages.receiver)))
    parts = [
        expit(messages.converge(log_odds[start : start + step], starts_yes))
        for start in range(0, max(len(log_odds), 1), step)
    ]
    return np.concatenate(parts)


def tree_appearance(couplings: np.ndarray) -> np.ndarray:
    """(n, n) share of spanning trees, drawn by Π |W_ij|, that hold a pair: |W_ij| · resistance."""
    weights = np.abs(couplings)
    inverse = np.linalg.pinv(np.diag(weights.sum(1)) - weights, hermitian=True)
    size = np.diagonal(inverse)
    return np.clip(weights * (size[:, None] + size - 2 * inverse), 1e-6, 1.0)


class _Messages:
    """All messages of a field as one array: pairs, then implications, then groups."""

    def __init__(
        self, couplings: np.ndarray, rules: Rules, appearance: np.ndarray | None = None
    ) -> None:
        from scipy.sparse import csr_array

        rows, columns = np.nonzero(np.triu(couplings, 1))
        pairs = np.stack([rows, columns], 1)
        implications = np.array(rules.implies, int).reshape(-1, 2)
        ends = np.concatenate([pairs, implications])
        self.num_pairs, self.num_edges = len(pairs), len(ends)
        share = np.ones(len(pairs)) if appearance is None else appearance[rows, columns]
        self.weights = (couplings[rows, columns] / share)[:, None]
        self.odds = np.exp(np.clip(self.weights, -LARGEST, LARGEST))
        self.groups = [(np.array(g), 0.0) for g in rules.exclusive]
        self.groups += [(np.array(g), -np.inf) for g in rules.exactly_one]
        # Forth to the second label of each edge, back to its first, then to each label of a group.
        self.receiver = np.concatenate([ends[:, 1], ends[:, 0], *(g for g, _ in self.groups)])
        counted = np.ones(len(self.receiver))
        for start in (0, self.num_edges):
            counted[start : start + len(pairs)] = share
        place = (self.receiver, np.arange(len(self.receiver)))
        self.gather = csr_array((counted, place), shape=(len(couplings), len(self.receiver)))

    def converge(self, log_odds: np.ndarray, starts_yes: bool) -> np.ndarray:
        """(b, n) log-odds of the marginals; images that have converged are left alone."""
        unaries, rows = log_odds.T.copy(), np.arange(len(log_odds))
        messages = np.zeros((len(self.receiver), len(rows)))
        if starts_yes:
            for start in (0, self.num_edges):
                messages[start : start + self.num_pairs] = self.weights
        found = np.empty(log_odds.shape)
        for _ in range(MAX_ROUNDS):
            change = self._send(unaries + self.gather @ messages, messages) - messages
            # Half steps: undamped parallel updates swing between two states on short cycles.
            messages += DAMPING * change
            done = np.abs(change).max(0, initial=0) < TOLERANCE
            if done.any():
                found[rows[done]] = (unaries + self.gather @ messages)[:, done].T
                unaries, messages, rows = unaries[:, ~done], messages[:, ~done], rows[~done]
                if not len(rows):
                    return found
        found[rows] = (unaries + self.gather @ messages).T
        return found

    def _send(self, beliefs: np.ndarray, messages: np.ndarray) -> np.ndarray:
        """The next messages (number of messages, b)."""
        # What a label sends along an edge leaves out what it received along that edge: its belief
        # less that message. `first` holds this for the first label of each edge, which receives
        # the message back; `second` for the second label, which receives the one forth.
        heard = beliefs[self.receiver] - messages
        first, second = heard[self.num_edges : 2 * self.num_edges], heard[: self.num_edges]
        pairs, implications = slice(self.num_pairs), slice(self.num_pairs, None)
        forth = [self._pair(first[pairs]), np.logaddexp(0, first[implications])]
        back = [self._pair(second[pairs]), -np.logaddexp(0, -second[implications])]
        parts, start = [*forth, *back], 2 * self.num_edges
        for group, base in self.groups:
            parts.append(-_others(heard[start : start + len(group)].T, base).T)
            start += len(group)
        return np.concatenate(parts)

    def _pair(self, heard: np.ndarray) -> np.ndarray:
        """softplus(h + W) − softplus(h), by one exponential and one logarithm."""
        odds = np.exp(np.clip(heard, -LARGEST, LARGEST))
        return np.log((1 + odds * self.odds) / (1 + odds))


def _others(values: np.ndarray, base: float) -> np.ndarray:
    """(b, k): log(exp(base) + Σ_{j≠i} exp(values_j)), from both ends, without a difference."""
    edge = np.full((len(values), 1), base)
    before = np.logaddexp.accumulate(np.hstack([edge, values[:, :-1]]), axis=1)
    nothing = np.full((len(values), 1), -np.inf)
    reverse = np.hstack([nothing, values[:, :0:-1]])
    after = np.logaddexp.accumulate(reverse, axis=1)[:, ::-1]
    return np.logaddexp(before, after)

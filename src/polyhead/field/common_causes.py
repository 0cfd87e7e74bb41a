"""Marginals of large fields whose couplings come mostly from a few common causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polyhead.field.enumeration import Enumeration
from polyhead.field.rules import Rules
from polyhead.field.states import legal_states, rule_graph

# Between nodes, in standard deviations of a cause: 1.2 errs by exp(−2π²/1.2²) ≈ 1e-6, 1.5 by 2e-4.
STEP, WIDE_STEP = 1.2, 1.5  # the second for three causes and more
MARGIN = 3.0
MAX_CAUSES = 4
MAX_GRID, MAX_NODES = 2**15, 2**14
MAX_BLOCK = 1024  # legal states
# What the causes leave, in log-odds: its spectrum's ends, and a single pair. Within the first, the
# answers err by some thousandths; within the second, about as much as messages do at their best.
CLOSE = (-6.0, 4.0, 2.0)
FAIR = (-7.0, 5.0, 3.0)
ROUNDS, TOLERANCE, DAMPING = 60, 1e-5, 0.5
NEGLIGIBLE = 15.0  # nats below the likeliest node


Block = tuple[np.ndarray, np.ndarray]  # labels that rules join (k,), their legal states (M, k)


@dataclass(frozen=True, eq=False)
class CommonCauses:
    """W = F Fᵀ + R between blocks: given r hidden causes z ~ N(0, I), little is left to couple.

    exp(½ |Fᵀ(y−½)|²) = E_z exp(z·Fᵀ(y−½)) (Hubbard 1959), so that P(y) is a mixture over z of
    fields with couplings R alone. The mixture is summed over a grid; each field is answered to
    second order in R (Thouless, Anderson & Palmer 1977; Plefka 1982): log-odds
    θ_i = u_i + (Fz)_i + Σ_j R_ij (p_j−½) − (p_i−½) Σ_j R_ij² p_j(1−p_j), weight
    A(θ) − θ·p + u·p + ½ (p−½)ᵀR(p−½) + ¼ Σ R_ij² v_i v_j. Labels of a block are weighed together,
    with what the causes leave between them, so that rules hold in every term.

    Attributes:
        factors: (n, r) F.
        left: (n, n) R, 0 within a block.
        nodes: (K, r) z.
        blocks: With their labels' exact weights.
        free: (f,) labels of no block.
        is_close: Whether R is so weak that its correction is known to be right.
    """

    factors: np.ndarray
    left: np.ndarray
    nodes: np.ndarray
    blocks: Sequence[tuple[np.ndarray, Enumeration]]
    free: np.ndarray
    is_close: bool = True

    @classmethod
    def of(cls, couplings: np.ndarray, rules: Rules) -> CommonCauses | None:
        """The fewest causes that leave only weak couplings, or the most that leave fair ones.

        None where up to four causes, on a grid of 16,384 nodes, leave too much, or rules join more
        labels than can be listed.

        Args:
            couplings: (n, n) W.
            rules: Over the n labels.
        """
        blocks = _blocks(len(couplings), rules)
        if blocks is None:
            return None
        inside = np.eye(len(couplings), dtype=bool)
        for labels, _ in blocks:
            inside[np.ix_(labels, labels)] = True
        fair = None
        for num in range(MAX_CAUSES + 1):
            factors = _factors(couplings, inside, num)
            left = np.where(inside, 0.0, couplings - factors @ factors.T)
            if not _within(left, FAIR):
                continue
            nodes, is_close = _nodes(factors), _within(left, CLOSE)
            if nodes is None:
                break
            listed = _listed(couplings - factors @ factors.T, blocks)
            joined = np.concatenate([[], *(labels for labels, _ in blocks)])
            free = np.setdiff1d(np.arange(len(couplings)), joined)
            fair = cls(factors, left, nodes, listed, free, is_close)
            if is_close:
                break
        return fair

    def marginals(self, log_odds: np.ndarray, couplings: np.ndarray) -> np.ndarray:
        """(B, n) P(y_i = 1) of p(y) ∝ exp(u'·y + ½ yᵀWy).

        Args:
            log_odds: (B, n) u', of the un-centred field.
            couplings: (n, n) W.
        """
        centred = log_odds + couplings.sum(1) / 2
        return np.array([self._mixture(row) for row in centred]).reshape(log_odds.shape)

    def _mixture(self, unaries: np.ndarray) -> np.ndarray:
        """(n,) of one image."""
        base = unaries + self.nodes @ self.factors.T
        prior = -0.5 * (self.nodes**2).sum(1) - 0.5 * self.nodes @ self.factors.sum(0)
        # Nodes far below the likeliest add nothing; they are dropped before the costly rounds.
        rough = prior + self._log_sums(base)
        kept = rough > rough.max() - NEGLIGIBLE
        base, prior = base[kept], prior[kept]
        shares = self._shares(base)
        # Fixed point of the mean-field equations with their second-order (TAP) correction.
        for _ in range(ROUNDS if self.left.any() else 0):
            change = self._shares(base + self._pull(shares)) - shares
            shares = shares + DAMPING * change
            if np.abs(change).max() < TOLERANCE:
                break
        # The weight of a node is its partition function to the same order, with terms in R and R².
        theta = base + self._pull(shares)
        weight, shares = self._log_sums(theta), self._shares(theta)
        spread, centre = shares * (1 - shares), shares - 0.5
        weight += ((base - theta) * shares).sum(1) + 0.5 * ((centre @ self.left) * centre).sum(1)
        weight += prior + 0.25 * ((spread @ self.left**2) * spread).sum(1)
        weight = np.exp(weight - weight.max())
        return weight @ shares / weight.sum()

    def _pull(self, shares: np.ndarray) -> np.ndarray:
        centre, spread = shares - 0.5, shares * (1 - shares)
        return centre @ self.left - centre * (spread @ self.left**2)

    def _log_sums(self, theta: np.ndarray) -> np.ndarray:
        """(K,) log of the sum over legal sets of exp θ·y."""
        total = np.logaddexp(0, theta[:, self.free]).sum(1)
        for labels, listed in self.blocks:
            total += listed.log_partition(theta[:, labels])
        return total

    def _shares(self, theta: np.ndarray) -> np.ndarray:
        """(K, n) marginals."""
        from scipy.special import expit

        shares = expit(theta)
        for labels, listed in self.blocks:
            shares[:, labels] = listed.marginals(theta[:, labels])
        return shares


def _factors(couplings: np.ndarray, inside: np.ndarray, num: int) -> np.ndarray:
    """(n, r <= num) F whose F Fᵀ comes nearest to W outside blocks (principal factors)."""
    filled = np.where(inside, 0.0, couplings)
    factors = np.zeros((len(couplings), 0))
    for _ in range(30 if num else 0):
        strengths, directions = np.linalg.eigh(filled)
        strengths, directions = strengths[-num:], directions[:, -num:]
        kept = strengths > 0
        factors = directions[:, kept] * np.sqrt(strengths[kept])
        filled = np.where(inside, factors @ factors.T, couplings)
    return factors


def _within(left: np.ndarray, limits: tuple[float, float, float]) -> bool:
    lowest, highest, largest = limits
    strengths = np.linalg.eigvalsh(left)
    is_weak = bool(strengths[0] >= lowest and strengths[-1] <= highest)
    return is_weak and bool(np.abs(left).max() <= largest)


def _nodes(factors: np.ndarray) -> np.ndarray | None:
    """(K, r) grid over all that the causes can be; None where it is too large."""
    if not factors.size:
        return np.zeros((1, factors.shape[1]))
    step = STEP if factors.shape[1] < 3 else WIDE_STEP
    reach = np.abs(factors).sum(0) / 2 + MARGIN
    axes = [step * np.arange(-np.ceil(far / step), np.ceil(far / step) + 1) for far in reach]
    if np.prod([float(len(axis)) for axis in axes]) > MAX_GRID:
        return None
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))
    # No set of labels pulls further than Σ|F z| / 2 in the direction of z: corners are left out.
    length = np.maximum(np.linalg.norm(nodes, axis=1), step)
    within = length - MARGIN - step <= np.abs(nodes @ factors.T).sum(1) / (2 * length)
    return nodes[within] if np.count_nonzero(within) <= MAX_NODES else None


def _blocks(num_labels: int, rules: Rules) -> list[Block] | None:
    """Labels that rules join, with their legal states; None where one has too many."""
    from scipy.sparse.csgraph import connected_components

    _, part = connected_components(rule_graph(num_labels, rules), directed=False)
    blocks = []
    for labels in (np.flatnonzero(part == one) for one in np.unique(part)):
        if len(labels) > 1:
            states = legal_states(len(labels), rules.restricted(labels), MAX_BLOCK)
            if states is None:
                return None
            blocks.append((labels, states))
    return blocks


def _listed(couplings: np.ndarray, blocks: Sequence[Block]) -> list[tuple[np.ndarray, Enumeration]]:
    """Blocks with their own couplings, around ½."""
    found = []
    for labels, states in blocks:
        own = couplings[np.ix_(labels, labels)].copy()
        np.fill_diagonal(own, 0.0)
        found.append((labels, Enumeration.of(states, own, np.full(len(own), 0.5))))
    return found

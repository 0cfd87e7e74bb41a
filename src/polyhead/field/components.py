"""Independent parts of a field, each solved by the method that suits it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from polyhead.field.belief_propagation import belief_propagation, tree_appearance
from polyhead.field.common_causes import CommonCauses
from polyhead.field.conditioning import Solve, solve_with_evidence
from polyhead.field.enumeration import Enumeration
from polyhead.field.halved import Halved
from polyhead.field.halves import Halves
from polyhead.field.iterated_modes import iterated_modes
from polyhead.field.min_cut import min_cut
from polyhead.field.mixed_integer import mixed_integer
from polyhead.field.rules import UNKNOWN_LABEL, Rules
from polyhead.field.states import MAX_STATES, legal_states, rule_graph

PAIRS_FOR_A_STATE = 256  # two matrix products weigh so many in the time of one listed state
SAME = 0.01  # most that two answers of converged messages differ by
MAX_PAIRS = 400  # HiGHS stays well under a second: 80 labels, one pair in ten


@dataclass(frozen=True, eq=False)
class FieldComponent:
    """n >= 2 labels that couplings or rules join.

    Attributes:
        labels: (n,) their places in the field.
        couplings: (n, n) W.
        means: (n,) μ.
        rules: Among them, renumbered.
        added: (R, n, n) what each gate adds to the couplings, or None.
        gates: (B, R) of the images asked about, or None.
    """

    labels: np.ndarray
    couplings: np.ndarray
    means: np.ndarray
    rules: Rules
    added: np.ndarray | None = None
    gates: np.ndarray | None = None

    @cached_property
    def enumeration(self) -> Enumeration | Halved | None:
        """Its legal states, or pairs of half sets up to 2^22; None when they are more.

        Beyond 2^14 states, images with couplings of their own are solved one by one.
        """
        states = legal_states(len(self.labels), self.rules, MAX_STATES)
        if states is None:
            if self.gates is not None:
                return None
            halves = Halves.of(len(self.labels), self.rules, PAIRS_FOR_A_STATE * MAX_STATES)
            return None if halves is None else Halved(halves, self.couplings, self.means)
        listed = Enumeration.of(states, self.couplings, self.means)
        if self.added is None or self.gates is None:
            return listed
        return listed.gated(self.gates, self.added, self.means)

    @property
    def num_sets(self) -> float:
        """How many legal states, or pairs of half sets, are summed; ∞ when they are too many."""
        return np.inf if self.enumeration is None else self.enumeration.num_sets

    @property
    def listed(self) -> Enumeration | Halved:
        """Its legal states.

        Raises:
            ValueError: They are too many.
        """
        if self.enumeration is None:
            raise ValueError(
                f"{len(self.labels)} joined labels have too many legal states: log Z "
                "cannot be computed exactly. Use `pseudo_log_likelihood`."
            )
        return self.enumeration

    def marginals(self, unaries: np.ndarray, evidence: np.ndarray | None) -> np.ndarray:
        """(B, n): by enumeration, else nearly, see `nearly_marginals`."""
        if self.enumeration:
            return self.enumeration.marginals(unaries, evidence)
        if self.gates is None and evidence is None:
            return nearly_marginals(self, unaries - self.couplings @ self.means)
        return self._solve(unaries, evidence, _marginals)

    @cached_property
    def causes(self) -> CommonCauses | None:
        """The common causes of its couplings."""
        return CommonCauses.of(self.couplings, self.rules)

    def mode(self, unaries: np.ndarray, evidence: np.ndarray | None) -> np.ndarray:
        """(B, n) bool: by enumeration, else by the fastest exact way that fits, else climbing."""
        if self.enumeration:
            return self.enumeration.mode(unaries, evidence)
        return self._solve(unaries, evidence, _mode) > 0.5

    def _solve(self, unaries: np.ndarray, evidence: np.ndarray | None, solve: Solve) -> np.ndarray:
        """(B, n): all images together, or each with the couplings that its gates make."""
        if self.added is None or self.gates is None:
            log_odds = unaries - self.couplings @ self.means
            return solve_with_evidence(log_odds, self.couplings, self.rules, evidence, solve)
        found = np.empty(unaries.shape)
        for row, gates in enumerate(self.gates):
            image = slice(row, row + 1)
            couplings = self.couplings + np.tensordot(gates, self.added, 1)
            log_odds = unaries[image] - couplings @ self.means
            known = None if evidence is None else evidence[image]
            found[image] = solve_with_evidence(log_odds, couplings, self.rules, known, solve)
        return found


def nearly_marginals(part: FieldComponent, log_odds: np.ndarray) -> np.ndarray:
    """(B, n) approximate P(y_i = 1) of p(y) ∝ exp(u'·y + ½ yᵀWy) over legal y.

    As a mixture over common causes where a few of them leave little else. Else by messages where
    they converge to the same answer from all-yes and all-no; images where they do not, and fields
    of which every pair attracts, by the causes that there are or by tree-reweighted messages.
    """
    couplings, rules = part.couplings, part.rules
    if part.causes is not None and part.causes.is_close:
        return part.causes.marginals(log_odds, couplings)
    found = belief_propagation(log_odds, couplings, rules)
    if not couplings.any():
        return found
    other = belief_propagation(log_odds, couplings, rules, starts_yes=True)
    unsure = np.abs(found - other).max(1) > SAME
    unsure |= bool((couplings >= 0).all())
    if not unsure.any():
        return found
    if part.causes is not None:
        found[unsure] = part.causes.marginals(log_odds[unsure], couplings)
    else:
        trees = tree_appearance(couplings)
        found[unsure] = belief_propagation(log_odds[unsure], couplings, rules, appearance=trees)
    return found


def _marginals(log_odds: np.ndarray, couplings: np.ndarray, rules: Rules) -> np.ndarray:
    """(B, n): part by part, for what is left once labels are known falls apart or can be listed."""
    from scipy.special import expit

    found = expit(log_odds)
    for part in split(couplings, np.zeros(len(couplings)), rules):
        inside = log_odds[:, part.labels]
        if part.enumeration:
            found[:, part.labels] = part.enumeration.marginals(inside)
        else:
            found[:, part.labels] = nearly_marginals(part, inside)
    return found


def _mode(log_odds: np.ndarray, couplings: np.ndarray, rules: Rules) -> np.ndarray:
    """(B, n) bool likewise."""
    found = log_odds > 0
    for part in split(couplings, np.zeros(len(couplings)), rules):
        inside = log_odds[:, part.labels]
        if part.enumeration:
            found[:, part.labels] = part.enumeration.mode(inside)
        else:
            found[:, part.labels] = most_likely(inside, part.couplings, part.rules)
    return found


def most_likely(log_odds: np.ndarray, couplings: np.ndarray, rules: Rules) -> np.ndarray:
    """(B, n) bool argmax of u'·y + Σ_{i<j} W_ij y_i y_j over legal y.

    A minimum cut where every pair attracts and rules are implications; else the better of iterated
    modes and, up to 400 pairs, a mixed-integer programme with a time limit.
    """
    if not rules.groups and (couplings >= 0).all():
        return min_cut(log_odds, couplings, np.array(rules.implies, int).reshape(-1, 2))
    start = rules.completion(np.full(len(couplings), UNKNOWN_LABEL))
    assert start is not None  # evidence and rules were checked before
    climbed = iterated_modes(log_odds, couplings, rules, start)
    if np.count_nonzero(couplings) > 2 * MAX_PAIRS:
        return climbed
    return np.array(
        [
            _better(row, state, mixed_integer(row, couplings, rules), couplings, rules)
            for row, state in zip(log_odds, climbed, strict=True)
        ]
    ).reshape(climbed.shape)


def _better(
    log_odds: np.ndarray,
    state: np.ndarray,
    other: np.ndarray | None,
    couplings: np.ndarray,
    rules: Rules,
) -> np.ndarray:
    """The higher of a legal state and another, which must be legal to be taken."""
    if other is None or not rules.legal(other[None])[0]:
        return state
    both = np.stack([state, other]).astype(float)
    scores = both @ log_odds + 0.5 * np.einsum("ri,ri->r", both @ couplings, both)
    return other if scores[1] > scores[0] else state


def split(
    couplings: np.ndarray,
    means: np.ndarray,
    rules: Rules,
    added: np.ndarray | None = None,
    gates: np.ndarray | None = None,
) -> tuple[FieldComponent, ...]:
    """The components of two or more labels; labels in none of them stand alone."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    coupled = couplings != 0
    if added is not None:
        coupled = coupled | (added != 0).any(0)
    joined = csr_array(coupled, dtype=float) + rule_graph(len(means), rules)
    _, part = connected_components(joined, directed=False)
    order = np.argsort(part, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(part[order])) + 1)
    return tuple(
        FieldComponent(
            labels,
            couplings[np.ix_(labels, labels)],
            means[labels],
            rules.restricted(labels),
            None if added is None else added[:, labels[:, None], labels],
            gates,
        )
        for labels in members
        if len(labels) > 1
    )

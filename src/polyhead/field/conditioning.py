"""Told labels: checked against the rules, and taken out of a field."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from polyhead.errors import ConfigError
from polyhead.field.rule_violations import find_violations
from polyhead.field.rules import Rules

# Of told labels at one time, the smaller field: its u', couplings and rules.
Solve = Callable[[np.ndarray, np.ndarray, Rules], np.ndarray]


def check_given(given: np.ndarray | None, shape: tuple[int, int], rules: Rules) -> None:
    """Refuse told labels that no legal answer agrees with.

    Args:
        given: (B, L) 1 yes, 0 no, -1 not told; or None.
        shape: (B, L) expected.
        rules: Over the L labels.

    Raises:
        ValueError: The shape or a value is wrong.
        ConfigError: `E_GIVEN`: the rules forbid what was told.
    """
    if given is None:
        return
    if given.shape != shape or not np.isin(given, (-1, 0, 1)).all():
        raise ValueError(
            f"`given` should be {shape} of 1 (yes), 0 (no) and -1 (not told). Found {given.shape} "
            f"with values {np.unique(given)[:5]}."
        )
    if not rules:
        return
    patterns = np.unique(given, axis=0)
    settled, clash = rules.settle(patterns)
    # Nothing more is forced: most are completed by "no", only exactly-one groups may need a search.
    unclear = clash | ~rules.legal(settled == 1)
    for told in patterns[unclear]:
        if (told >= 0).any() and rules.completion(told) is None:
            broken = [text for _, text in find_violations(rules, told[None])]
            found = "; ".join(broken) or "the rules contradict the told labels together"
            raise ConfigError(
                f"what was told breaks the rules: {found}; tell fewer labels or other ones.",
                code="E_GIVEN",
            )


def solve_given(
    log_odds: np.ndarray,
    couplings: np.ndarray,
    rules: Rules,
    given: np.ndarray | None,
    solve: Solve,
) -> np.ndarray:
    """Solve for the labels that were not told; told ones and what they force are 1 or 0.

    Deleting known labels K and adding Σ_{k∈K} W_ik y_k to the others' log-odds equals the
    renormalised joint. Rows told the same are solved together.

    Args:
        log_odds: (B, n) u', of the un-centred field.
        couplings: (n, n) W.
        rules: Over the n labels.
        given: (B, n), or None.
        solve: Answers (b, m) for b rows over the m labels left.

    Returns:
        (B, n) float64.
    """
    if given is None or not (given >= 0).any():
        return solve(log_odds, couplings, rules).astype(float)
    answers = np.empty(log_odds.shape)
    patterns, which = np.unique(given, axis=0, return_inverse=True)
    settled, _ = rules.settle(patterns.astype(np.int8))
    for index, pattern in enumerate(settled):
        rows, known, free = which == index, pattern >= 0, np.flatnonzero(pattern < 0)
        shift = couplings[np.ix_(free, np.flatnonzero(known))] @ pattern[known]
        part = log_odds[rows]
        part[:, known] = pattern[known]
        if len(free):
            inner = couplings[np.ix_(free, free)]
            part[:, free] = solve(part[:, free] + shift, inner, rules.restricted(free))
        answers[rows] = part
    return answers

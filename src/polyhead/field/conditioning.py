"""Evidence: known labels, checked against the rules and taken out of a field."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from polyhead.errors import ConfigError
from polyhead.field.rule_violations import find_violations
from polyhead.field.rules import Rules

# Solves the field of the labels without evidence: its u', couplings and rules.
Solve = Callable[[np.ndarray, np.ndarray, Rules], np.ndarray]


def check_evidence(evidence: np.ndarray | None, shape: tuple[int, int], rules: Rules) -> None:
    """Refuse evidence that no legal set of labels agrees with.

    Args:
        evidence: (B, L) 1 yes, 0 no, -1 unknown; or None.
        shape: (B, L) expected.
        rules: Over the L labels.

    Raises:
        ValueError: The shape or a value is wrong.
        ConfigError: `E_GIVEN`: the rules forbid the evidence.
    """
    if evidence is None:
        return
    if evidence.shape != shape or not np.isin(evidence, (-1, 0, 1)).all():
        raise ValueError(
            f"`evidence` should be {shape} of 1 (yes), 0 (no) and -1 (unknown). Found "
            f"{evidence.shape} with values {np.unique(evidence)[:5]}."
        )
    if not rules:
        return
    patterns = np.unique(evidence, axis=0)
    inferred, clash = rules.propagate(patterns)
    # Nothing more is forced: most are completed by "no", only exactly-one groups may need a search.
    unclear = clash | ~rules.legal(inferred == 1)
    for pattern in patterns[unclear]:
        if (pattern >= 0).any() and rules.completion(pattern) is None:
            broken = [text for _, text in find_violations(rules, pattern[None])]
            found = "; ".join(broken) or "the rules contradict the known labels together"
            raise ConfigError(
                f"the known labels break the rules: {found}; name fewer labels or other ones.",
                code="E_GIVEN",
            )


def solve_with_evidence(
    log_odds: np.ndarray,
    couplings: np.ndarray,
    rules: Rules,
    evidence: np.ndarray | None,
    solve: Solve,
) -> np.ndarray:
    """Solve for the unknown labels; known ones, and those that they force, are 1 or 0.

    Deleting known labels K and adding Σ_{k∈K} W_ik y_k to the others' log-odds equals the
    renormalised joint. Rows of the same evidence are solved together.

    Args:
        log_odds: (B, n) u', of the un-centred field.
        couplings: (n, n) W.
        rules: Over the n labels.
        evidence: (B, n), or None.
        solve: Answers (b, m) for b rows over the m labels left.

    Returns:
        (B, n) float64.
    """
    if evidence is None or not (evidence >= 0).any():
        return solve(log_odds, couplings, rules).astype(float)
    answers = np.empty(log_odds.shape)
    patterns, which = np.unique(evidence, axis=0, return_inverse=True)
    inferred, _ = rules.propagate(patterns.astype(np.int8))
    for index, pattern in enumerate(inferred):
        rows, known, free = which == index, pattern >= 0, np.flatnonzero(pattern < 0)
        shift = couplings[np.ix_(free, np.flatnonzero(known))] @ pattern[known]
        part = log_odds[rows]
        part[:, known] = pattern[known]
        if len(free):
            inner = couplings[np.ix_(free, free)]
            part[:, free] = solve(part[:, free] + shift, inner, rules.restricted(free))
        answers[rows] = part
    return answers

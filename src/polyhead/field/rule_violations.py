"""Rows whose known cells alone break a rule."""

from __future__ import annotations

import numpy as np

from polyhead.field.rules import Rules


def find_violations(rules: Rules, targets: np.ndarray) -> list[tuple[int, str]]:
    """(row, text) for each rule that a row's known cells break, in the order of the rows.

    A row that breaks none directly, but whose cells force opposite answers through several rules,
    is listed once, with those of its cells that the rules touch.

    Args:
        rules: Over L labels.
        targets: (N, L) int8, 1 yes, 0 no, -1 unknown.
    """
    found = [*_group_violations(rules, targets), *_implication_violations(rules, targets)]
    direct = {row for row, _ in found}
    _, clash = rules.propagate(targets)
    found += [
        (row, f"the rules contradict {_cells(rules, targets[row])} together")
        for row in np.flatnonzero(clash).tolist()
        if row not in direct
    ]
    return sorted(found, key=lambda violation: violation[0])


def _group_violations(rules: Rules, targets: np.ndarray) -> list[tuple[int, str]]:
    """Too many yes, listed once a row and set of labels however many groups hold them; or none."""
    together: dict[int, list[set[int]]] = {}
    for group in sorted(rules.groups, key=len, reverse=True):
        for row in np.flatnonzero((targets[:, group] == 1).sum(1) > 1).tolist():
            yes = {label for label in group if targets[row, label] == 1}
            if not any(yes <= larger for larger in together.setdefault(row, [])):
                together[row].append(yes)
    found = [
        (row, f"{' and '.join(map(rules.name, sorted(yes)))} are yes; they exclude each other")
        for row, sets in together.items()
        for yes in sets
    ]
    for group in dict.fromkeys(tuple(sorted(group)) for group in rules.exactly_one):
        text = f"none of {', '.join(map(rules.name, group))} is yes; exactly one must be"
        found += [(row, text) for row in np.flatnonzero((targets[:, group] == 0).all(1)).tolist()]
    return found


def _implication_violations(rules: Rules, targets: np.ndarray) -> list[tuple[int, str]]:
    found = []
    for source, target in rules.implies:
        rows = np.flatnonzero((targets[:, source] == 1) & (targets[:, target] == 0))
        text = (
            f"{rules.name(source)} is yes and {rules.name(target)} no; the first implies the second"
        )
        found += [(row, text) for row in rows.tolist()]
    return found


def _cells(rules: Rules, row: np.ndarray) -> str:
    """The known cells of a row that a rule touches, in words."""
    touched = {i for group in (*rules.groups, *rules.implies) for i in group}
    words = {0: "no", 1: "yes"}
    return ", ".join(f"{rules.name(i)} {words[row[i]]}" for i in sorted(touched) if row[i] >= 0)

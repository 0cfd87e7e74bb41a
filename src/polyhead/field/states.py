"""Every legal set of labels, listed label by label under the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyhead.field.rules import Rules

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MAX_STATES = 2**14
MAX_CELLS = 2**23  # of the state matrix: 64 MB as float64


def legal_states(num_labels: int, rules: Rules, limit: int = MAX_STATES) -> np.ndarray | None:
    """The legal label sets of L labels, or None when there are too many to list.

    Labels come in the order of a walk along the rules, and each is checked against those before
    it, so exclusive groups and hierarchies stay small however many labels they have.

    Args:
        num_labels: L.
        rules: Over these labels.
        limit: Most states to list.

    Returns:
        (M, L) bool, M <= `limit`.

    >>> legal_states(2, Rules(exclusive=((0, 1),))).astype(int).tolist()
    [[0, 0], [0, 1], [1, 0]]
    """
    if num_labels > limit:
        return None
    states = np.zeros((1, num_labels), bool)
    used = np.zeros((1, len(rules.groups)), bool)  # groups that have their one label
    complete = [set(group) for group in rules.exactly_one]
    assigned: set[int] = set()
    for label in walk(num_labels, rules):
        assigned.add(label)
        own = [g for g, group in enumerate(rules.groups) if label in group]
        needs = [b for a, b in rules.implies if a == label and b in assigned]
        needed_by = [a for a, b in rules.implies if b == label and a in assigned]
        with_label = ~used[:, own].any(1) & states[:, needs].all(1)
        without = ~states[:, needed_by].any(1)
        for g, group in enumerate(complete, len(rules.exclusive)):
            if label in group and group <= assigned:
                without &= used[:, g]
        num_without = int(without.sum())
        states = np.concatenate([states[without], states[with_label]])
        used = np.concatenate([used[without], used[with_label]])
        states[num_without:, label] = True
        used[num_without:, own] = True
        # What later labels forbid may still be among them, hence the margin.
        if len(states) > 4 * limit or states.size > 4 * MAX_CELLS:
            return None
    if len(states) > limit or states.size > MAX_CELLS:
        return None
    return states[np.lexsort(states.T[::-1])]


def walk(num_labels: int, rules: Rules) -> list[int]:
    """The labels so that those that share a rule follow each other."""
    from scipy.sparse.csgraph import connected_components, depth_first_order

    graph = rule_graph(num_labels, rules)
    num_parts, part = connected_components(graph, directed=False)
    degree = np.diff(graph.indptr)
    order: list[int] = []
    for index in range(num_parts):
        members = np.flatnonzero(part == index)
        root = members[np.argmax(degree[members])]
        walked = depth_first_order(graph, root, directed=False, return_predecessors=False)
        order += walked.tolist()
    return order


def rule_graph(num_labels: int, rules: Rules) -> csr_array:
    """(L, L) graph that joins the labels of each rule."""
    from scipy.sparse import csr_array

    pairs = [*rules.implies]
    pairs += [(group[0], member) for group in rules.groups for member in group[1:]]
    ends = np.array(pairs, int).reshape(-1, 2)
    rows, columns = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(num_labels,) * 2)

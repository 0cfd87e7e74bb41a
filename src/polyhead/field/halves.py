"""Legal label sets as pairs of half sets: 2^n of them from two lists of 2^(n/2)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from polyhead.field.rules import Rules
from polyhead.field.states import MAX_STATES, legal_states, walk

MAX_PAIRS = 2**22  # of half sets: 32 MB as float64, all sets of 22 labels


@dataclass(frozen=True, eq=False)
class Halves:
    """Every legal set of n labels is a pair (a, b) of half sets that may meet.

    Attributes:
        order: (n,) the labels: those of a, then those of b.
        left: (A, n_a) bool, the sets of the first half that no rule within it forbids.
        right: (B, n_b) bool, of the second half.
        meets: (A, B) bool, which pairs are legal; None where no rule crosses the middle.
    """

    order: np.ndarray
    left: np.ndarray
    right: np.ndarray
    meets: np.ndarray | None

    @classmethod
    def of(cls, num_labels: int, rules: Rules, limit: int = MAX_PAIRS) -> Halves | None:
        """The halves of the fewest pairs, or None where they are more than `limit`.

        Labels that share a rule stay side by side, which keeps both lists short.

        >>> halves = Halves.of(20, Rules())
        >>> (halves.left.shape, halves.right.shape) if halves else None
        ((1024, 10), (1024, 10))
        """
        order = np.array(walk(num_labels, rules)) if rules else np.arange(num_labels)
        low, high, best = 1, num_labels - 1, None
        while low <= high:
            middle = (low + high) // 2
            left = _half(order[:middle], rules)
            right = _half(order[middle:], rules)
            if left is not None and right is not None:
                if best is None or len(left) * len(right) < len(best[0]) * len(best[1]):
                    best = left, right
                if len(left) == len(right):
                    break
            if left is None or (right is not None and len(left) > len(right)):
                high = middle - 1
            else:
                low = middle + 1
        if best is None or len(best[0]) * len(best[1]) > limit:
            return None
        return cls(order, *best, _meets(order, *best, rules))

    @property
    def num_left(self) -> int:
        """Labels of the first half."""
        return self.left.shape[1]


def _half(labels: np.ndarray, rules: Rules) -> np.ndarray | None:
    """What may be of some labels, by the rules among them: part of a group is at most one of it."""
    inside = {int(label) for label in labels}
    whole = tuple(group for group in rules.exactly_one if inside.issuperset(group))
    rest = tuple(group for group in rules.exactly_one if not inside.issuperset(group))
    loosened = replace(rules, exclusive=rules.exclusive + rest, exactly_one=whole)
    return legal_states(len(labels), loosened.restricted(labels), MAX_STATES)


def _meets(
    order: np.ndarray, left: np.ndarray, right: np.ndarray, rules: Rules
) -> np.ndarray | None:
    place = np.argsort(order)
    middle = left.shape[1]
    meets = np.ones((len(left), len(right)), bool)

    def count(group: tuple[int, ...]) -> np.ndarray:
        at = place[list(group)]
        first, second = left[:, at[at < middle]], right[:, at[at >= middle] - middle]
        return first.sum(1)[:, None] + second.sum(1)

    def crosses(group: tuple[int, ...]) -> bool:
        return len(np.unique(place[list(group)] < middle)) > 1

    for group in filter(crosses, rules.exclusive):
        meets &= count(group) <= 1
    for group in filter(crosses, rules.exactly_one):
        meets &= count(group) == 1
    for source, target in filter(crosses, rules.implies):
        a, b = place[source], place[target]
        if a < middle:
            meets &= ~left[:, a, None] | right[:, b - middle]
        else:
            meets &= ~right[:, a - middle] | left[:, b, None]
    return None if meets.all() else meets

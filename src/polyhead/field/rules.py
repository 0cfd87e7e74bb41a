"""What a legal set of labels is: exclusive groups, implications and exactly-one groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polyhead.errors import ConfigError
from polyhead.field.rule_names import read_groups, read_implications, refuse_loops

if TYPE_CHECKING:
    from scipy.sparse import csr_array

UNKNOWN_LABEL = -1


@dataclass(frozen=True)
class Rules:
    """Rules over L labels, as indices; falsy when there are none.

    Attributes:
        classes: The L names, for messages.
        exclusive: Groups of which at most one label is yes.
        implies: Pairs (a, b): where a is yes, b is yes. They chain: a hierarchy is a set of them.
        exactly_one: Groups of which one label is yes and the others no.
    """

    classes: tuple[str, ...] = ()
    exclusive: tuple[tuple[int, ...], ...] = ()
    implies: tuple[tuple[int, int], ...] = ()
    exactly_one: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of(
        cls,
        classes: Sequence[str],
        exclusive: Iterable[Sequence[str]] = (),
        implies: Mapping[str, Sequence[str]] | None = None,
        exactly_one: Iterable[Sequence[str]] = (),
    ) -> Rules:
        """Rules spelled in names.

        Args:
            classes: The L names.
            exclusive: Groups of two or more names.
            implies: What each name brings with it.
            exactly_one: Groups of two or more names.

        Raises:
            ConfigError: `E_RULES`: an unknown name, a group of fewer than two names, a name twice
                in a group, a label that implies itself, or rules that no set of labels obeys.

        >>> bool(Rules.of(["rain", "snow"], exclusive=[["rain", "snow"]])), bool(Rules())
        (True, False)
        """
        pairs = read_implications(classes, implies or {})
        refuse_loops(classes, pairs)
        rules = cls(
            tuple(classes),
            read_groups(classes, exclusive, "exclusive"),
            pairs,
            read_groups(classes, exactly_one, "exactly_one"),
        )
        # Without an exactly-one group the empty answer is legal.
        if rules.exactly_one and rules.completion(np.full(len(classes), UNKNOWN_LABEL)) is None:
            raise ConfigError(
                f"rules: no set of labels obeys all of {'; '.join(rules.texts)}; "
                "drop or loosen one of them.",
                code="E_RULES",
            )
        return rules

    def __bool__(self) -> bool:
        return bool(self.exclusive or self.implies or self.exactly_one)

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Every group of which at most one label is yes."""
        return self.exclusive + self.exactly_one

    def legal(self, labels: np.ndarray) -> np.ndarray:
        """(N,) bool: which rows of (N, L) bool `labels` obey every rule."""
        legal = np.ones(len(labels), bool)
        for group in self.exclusive:
            legal &= labels[:, group].sum(1) <= 1
        for group in self.exactly_one:
            legal &= labels[:, group].sum(1) == 1
        for source, target in self.implies:
            legal &= ~labels[:, source] | labels[:, target]
        return legal

    def propagate(self, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fill in what the known cells force, one rule after the other until nothing changes.

        Args:
            targets: (N, L) int8, 1 yes, 0 no, -1 unknown.

        Returns:
            (N, L) int8 likewise, and (N,) bool rows where two rules force opposite answers.
        """
        inferred, clash = targets.copy(), np.zeros(len(targets), bool)
        while True:
            num_known = np.count_nonzero(inferred != UNKNOWN_LABEL)
            for group in self.exclusive:
                clash |= _propagate_group(inferred, group, is_complete=False)
            for group in self.exactly_one:
                clash |= _propagate_group(inferred, group, is_complete=True)
            for source, target in self.implies:
                clash |= (inferred[:, source] == 1) & (inferred[:, target] == 0)
                inferred[(inferred[:, source] == 1) & (inferred[:, target] < 0), target] = 1
                inferred[(inferred[:, target] == 0) & (inferred[:, source] < 0), source] = 0
            if np.count_nonzero(inferred != UNKNOWN_LABEL) == num_known:
                return inferred, clash

    def linear(self, num_labels: int) -> tuple[csr_array, np.ndarray, np.ndarray]:
        """A, lower and upper, one row a rule: lower <= A y <= upper over y in {0, 1}^L."""
        from scipy.sparse import csr_array

        sums = [(group, (1,) * len(group), 0, 1) for group in self.exclusive]
        sums += [(group, (1,) * len(group), 1, 1) for group in self.exactly_one]
        sums += [(pair, (1, -1), -1, 0) for pair in self.implies]
        rows = np.repeat(np.arange(len(sums)), [len(members) for members, *_ in sums])
        columns = np.concatenate([np.asarray(members) for members, *_ in sums])
        values = np.concatenate([np.asarray(signs, float) for _, signs, *_ in sums])
        matrix = csr_array((values, (rows, columns)), shape=(len(sums), num_labels))
        return matrix, np.array([row[2] for row in sums]), np.array([row[3] for row in sums])

    def completion(self, known: np.ndarray) -> np.ndarray | None:
        """A legal (L,) bool that agrees with the known cells of (L,) int8, or None without one."""
        from scipy.optimize import milp

        if not self:
            return known == 1
        # Fewest labels: what nobody named and nothing forces stays no.
        found = milp(
            np.ones(len(known)),
            integrality=np.ones(len(known)),
            bounds=(np.where(known == 1, 1, 0), np.where(known == 0, 0, 1)),
            constraints=self.linear(len(known)),
        )
        return None if found.x is None else found.x > 0.5

    def restricted(self, labels: np.ndarray) -> Rules:
        """The rules among the (n,) labels alone, renumbered 0 … n − 1 in their order."""
        place = {int(label): i for i, label in enumerate(labels)}

        def inside(groups: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
            kept = (tuple(place[i] for i in group if i in place) for group in groups)
            return tuple(group for group in kept if len(group) > 1)

        pairs = tuple((place[a], place[b]) for a, b in self.implies if a in place and b in place)
        names = tuple(self.classes[i] for i in labels) if self.classes else ()
        return Rules(names, inside(self.exclusive), pairs, inside(self.exactly_one))

    @property
    def texts(self) -> tuple[str, ...]:
        """Each rule in a few words."""
        name = self.name
        at_most = (f"at most one of {', '.join(map(name, group))}" for group in self.exclusive)
        pairs = (f"{name(a)} implies {name(b)}" for a, b in self.implies)
        exactly = (f"exactly one of {', '.join(map(name, group))}" for group in self.exactly_one)
        return (*at_most, *pairs, *exactly)

    def name(self, label: int) -> str:
        """How messages call a label."""
        return f'"{self.classes[label]}"' if self.classes else f"label {label}"

    def to_dict(self) -> dict[str, Any]:
        """As spelled in the YAML."""
        implies: dict[str, list[str]] = {}
        for source, target in self.implies:
            implies.setdefault(self.classes[source], []).append(self.classes[target])
        return {
            "exclusive": [[self.classes[i] for i in group] for group in self.exclusive],
            "implies": implies,
            "exactly_one": [[self.classes[i] for i in group] for group in self.exactly_one],
        }

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any], classes: Sequence[str]) -> Rules:
        """What `to_dict` wrote, over the same classes.

        Raises:
            ConfigError: As `of`.
        """
        return cls.of(classes, entry["exclusive"], entry["implies"], entry["exactly_one"])


def _propagate_group(
    inferred: np.ndarray, group: tuple[int, ...], *, is_complete: bool
) -> np.ndarray:
    """Fill in one group of `inferred` in place: (N,) bool rows that break it.

    Args:
        inferred: (N, L) int8.
        group: Labels of which at most one is yes.
        is_complete: Whether at least one must be.
    """
    cells = inferred[:, group]
    num_yes = (cells == 1).sum(1)
    cells[(num_yes == 1)[:, None] & (cells == UNKNOWN_LABEL)] = 0
    clash = num_yes > 1
    if is_complete:
        num_unknown = (cells == UNKNOWN_LABEL).sum(1)
        cells[((num_yes == 0) & (num_unknown == 1))[:, None] & (cells == UNKNOWN_LABEL)] = 1
        clash |= (num_yes == 0) & (num_unknown == 0)
    inferred[:, group] = cells
    return clash


NO_RULES = Rules()

"""Which class each different cell names: spellings of one number are one, some words are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from polyhead.table.cell_words import has_leading_zeros, plain_number, unknown_words
from polyhead.tasks.labels import natural_order

DOUBTFUL = ("unknown", "unk", "?", "??", "none", "-1")
"""Casefolded cells that may name a class or mean unknown."""


@dataclass(frozen=True)
class ClassNames:
    """The classes of a column.

    Attributes:
        of: Cell as written to the name of its class; None where it says that it is unknown.
        classes: The names, in a stable order: those declared, or those found.
        apart: Groups of spellings of one number that stay classes of their own, as numbers with
            leading zeros are codes.
    """

    of: Mapping[str, str | None]
    classes: tuple[str, ...]
    apart: tuple[tuple[str, ...], ...] = ()

    @property
    def unknown(self) -> list[str]:
        """Non-blank cells that mean unknown."""
        return [text for text, name in self.of.items() if name is None and text.strip()]

    @property
    def respelled(self) -> dict[str, str]:
        """Cells whose class is spelled otherwise: `1.0` for 1."""
        pairs = ((text.strip(), name) for text, name in self.of.items() if name is not None)
        return {text: name for text, name in pairs if text != name}


def name_classes(texts: Iterable[str], declared: Sequence[str] = ()) -> ClassNames:
    """The class of each different cell of a column.

    Equal numbers (1, 1.0, 1e0) are one class, unless one spelling of a number in the column has
    leading zeros. `N/A`, `nan`, `-` and such beside other cells are unknown unless declared.

    Args:
        texts: The different cells.
        declared: The classes, where the user lists them; a cell that names none of them keeps its
            own name.

    >>> name_classes(["1", "1.0", "2.0", "N/A"]).of
    {'1': '1', '1.0': '1', '2.0': '2', 'N/A': None}
    >>> name_classes(["7", "007"]).apart
    (('007', '7'),)
    """
    stripped = {text: text.strip() for text in texts}
    unknown = unknown_words(stripped.values(), declared)
    labels = dict.fromkeys(cell for cell in stripped.values() if cell and cell not in unknown)
    numbers = _numbers([*labels, *declared])
    groups = _groups(numbers)
    is_coded = any(map(has_leading_zeros, numbers))
    names = {} if is_coded else _declared(groups, declared) if declared else _whole(numbers, groups)
    of = {t: names.get(cell, cell) if cell in labels else None for t, cell in stripped.items()}
    classes = tuple(declared) or natural_order({name for name in of.values() if name is not None})
    apart = [tuple(sorted(group)) for group in groups if is_coded and not declared]
    return ClassNames(of, classes, tuple(apart))


def _numbers(labels: Sequence[str]) -> dict[str, float]:
    """The labels that are numbers; `1e3` is one only where all are, since codes look like that."""
    found = {label: plain_number(label) for label in dict.fromkeys(labels)}
    numbers = {label: value for label, value in found.items() if value is not None}
    if len(numbers) == len(found):
        return numbers
    return {label: value for label, value in numbers.items() if "e" not in label.casefold()}


def _groups(numbers: Mapping[str, float]) -> list[list[str]]:
    """Spellings of one number, where there are several."""
    num_spellings = Counter(numbers.values())
    repeated = [value for value, count in num_spellings.items() if count > 1]
    return [[label for label in numbers if numbers[label] == value] for value in repeated]


def _declared(groups: Sequence[Sequence[str]], declared: Sequence[str]) -> dict[str, str]:
    """Spellings of a declared class that is not declared in several."""
    names = {}
    for group in groups:
        own = [label for label in group if label in declared]
        if len(own) == 1:
            names |= dict.fromkeys(group, own[0])
    return names


def _whole(numbers: Mapping[str, float], groups: Sequence[Sequence[str]]) -> dict[str, str]:
    """Where some number has several spellings, whole ones are written as such, others shortest."""
    if not groups:
        return {}
    names = {label: f"{value:.0f}" for label, value in numbers.items() if value.is_integer()}
    for group in groups:
        usual = repr(numbers[group[0]])
        shortest = usual if usual in group else min(group, key=len)
        names |= {label: names.get(label, shortest) for label in group}
    return names

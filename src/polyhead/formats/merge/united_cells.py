"""Two answers on one image: united where they can both be true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from polyhead.table.cell_words import has_leading_zeros, plain_number
from polyhead.table.label_cells import split_labels
from polyhead.table.label_text import label_text


class Cell(NamedTuple):
    """One cell of a column, and the labels it was annotated for.

    Attributes:
        value: Text, a list of labels, or a list of objects.
        labels: The labels that are known; None for all.
    """

    value: Any
    labels: list[str] | None


Unite = Callable[[Cell, Cell], Cell | None]
"""What two cells mean together; None where they contradict each other."""


def unite_texts(delimiter: str) -> Unite:
    """Texts stay where both are one number or name the same labels; else they are one JSON list.

    Args:
        delimiter: Between the labels of a cell.
    """

    def unite(first: Cell, second: Cell) -> Cell | None:
        if first.labels is second.labels is None and _are_one_number(first.value, second.value):
            return first
        parsed = [c._replace(value=split_labels(c.value, delimiter)) for c in (first, second)]
        found = unite_labels(*parsed)
        if found is None or found.labels is not None:
            return found and Cell(label_text(found.value), found.labels)
        return first if first.labels is None else second

    return unite


def _are_one_number(first: str, second: str) -> bool:
    """Whether two cells are spellings of one number (`1`, `1.0`), and no codes such as `01`."""
    value = plain_number(first)
    is_code = has_leading_zeros(first) or has_leading_zeros(second)
    return value is not None and value == plain_number(second) and not is_code


def unite_labels(first: Cell, second: Cell) -> Cell | None:
    """Lists of labels: what either names; both must agree on labels that both were made for."""
    named = [[x for x in c.value if _covers(c, x)] for c in (first, second)]
    contradicted = [x for x in named[0] if _covers(second, x) and x not in named[1]]
    contradicted += [x for x in named[1] if _covers(first, x) and x not in named[0]]
    if contradicted:
        return None
    return Cell(list(dict.fromkeys([*named[0], *named[1]])), _united_labels(first, second))


def unite_objects(first: Cell, second: Cell) -> Cell:
    """All objects of both; an object of the same label and box counts once."""
    objects = {_identity(found): found for found in (*second.value, *first.value)}
    kept = {_identity(found): None for found in (*first.value, *second.value)}
    return Cell([objects[identity] for identity in kept], _united_labels(first, second))


def objects_differ(first: Cell, second: Cell) -> bool:
    """Whether one of them has an object that the other should have as well, and has not."""
    here, there = ({_identity(found) for found in cell.value} for cell in (first, second))
    missing = [identity for identity in here - there if _covers(second, identity[0])]
    return bool(missing) or any(_covers(first, identity[0]) for identity in there - here)


def unite_equal(first: Cell, second: Cell) -> Cell | None:
    """Cells of any other kind: both must be the same."""
    return first if first.value == second.value else None


def _identity(found: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(found[key] for key in ("label", "x_min", "y_min", "x_max", "y_max"))


def _covers(cell: Cell, label: str) -> bool:
    return cell.labels is None or label in cell.labels


def _united_labels(first: Cell, second: Cell) -> list[str] | None:
    if first.labels is None or second.labels is None:
        return None
    return list(dict.fromkeys([*first.labels, *second.labels]))

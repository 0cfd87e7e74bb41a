"""What one column is: the rules in their order."""

from __future__ import annotations

from collections.abc import Callable

from polyhead.preparation.inference.column_profile import ColumnProfile
from polyhead.preparation.inference.label_rules import classes, delimited_labels, label_lists
from polyhead.preparation.inference.number_lists import coordinates, numbers_in_text
from polyhead.preparation.inference.number_rules import numbers
from polyhead.preparation.inference.other_rules import (
    constant,
    dates_and_addresses,
    empty,
    free_text,
    keys,
    nested,
    pictures,
    split_column,
)
from polyhead.preparation.inference.proposal import Decision
from polyhead.preparation.inference.split_rules import folds, part_flags

_RULES: tuple[Callable[[ColumnProfile], Decision | None], ...] = (
    empty,
    label_lists,
    nested,
    part_flags,
    split_column,
    folds,
    constant,
    pictures,
    dates_and_addresses,
    keys,
    coordinates,
    numbers,
    numbers_in_text,
    delimited_labels,
    classes,
    free_text,
)


def decide(column: ColumnProfile) -> Decision:
    """What one column is: a task or something else, and why.

    The task of the decision is the name of the column; the caller makes it a name of its own.
    """
    return next(found for rule in _RULES if (found := rule(column)) is not None)

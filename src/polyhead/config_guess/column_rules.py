"""The rules that decide what a column is, in their order."""

from __future__ import annotations

from collections.abc import Callable

from polyhead.config_guess.column_profile import ColumnProfile
from polyhead.config_guess.label_rules import classes, delimited_labels, label_lists
from polyhead.config_guess.number_lists import coordinates, numbers_in_text
from polyhead.config_guess.number_rules import numbers
from polyhead.config_guess.other_rules import (
    constant,
    dates_and_addresses,
    empty,
    free_text,
    images,
    keys,
    nested,
    split_column,
)
from polyhead.config_guess.proposal import Decision
from polyhead.config_guess.split_rules import folds, part_flags

_RULES: tuple[Callable[[ColumnProfile], Decision | None], ...] = (
    empty,
    label_lists,
    nested,
    part_flags,
    split_column,
    folds,
    constant,
    images,
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
    """Decide what one column is: a task or something else, with the reason.

    The task of the decision is the name of the column; the caller makes it unique.
    """
    return next(found for rule in _RULES if (found := rule(column)) is not None)

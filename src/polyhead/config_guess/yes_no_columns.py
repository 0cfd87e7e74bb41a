"""Columns that hold only yes and no, and which of them are the labels of one tags task."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from polyhead.config_guess.column_profile import ColumnProfile
from polyhead.table.yes_no_cells import NO, UNKNOWN, YES, Answers, are_answers, read_answers

# `tag:car`, `weather/rain`, `color=red`: such signs are put there to make groups.
_SIGN = re.compile(r"[^:/=.]+[:/=.]+\s*(?=\S)")
_WORD = re.compile(r"(?i)(?:tags?|labels?|is|has|contains|class|attr|attributes?)[_\- ]+(?=\S)")
_FIRST_WORD = re.compile(r"[^_\- ]+[_\- ]+(?=\S)")


@dataclass(frozen=True)
class ColumnGroup:
    """Yes/no columns that belong together.

    Attributes:
        prefix: Common prefix of their names; "" when there is none.
        members: The columns, in the order of the table.
    """

    prefix: str
    members: tuple[ColumnProfile, ...]


def answers(profile: ColumnProfile, reading: Answers | None = None) -> dict[int, int]:
    """Rows that say yes (1), no (0) and unknown (-1, empty cells included).

    Args:
        profile: Of a yes/no column.
        reading: Meaning of the cells in all columns of a group; by the column alone when None.
    """
    reading = reading or read_answers(profile.texts)
    counts = {YES: 0, NO: 0, UNKNOWN: profile.num_unknown}
    for text, rows in profile.texts.items():
        counts[reading.of[text] or 0] += rows
    return counts


def is_yes_no(profile: ColumnProfile) -> bool:
    """Whether every cell is a word for yes, no or unknown."""
    return bool(profile.texts) and are_answers(profile.texts)


def says_both(profile: ColumnProfile) -> bool:
    """Whether a yes/no column has at least one yes and one no."""
    counts = answers(profile)
    return counts[1] > 0 and counts[0] > 0


def group_columns(columns: Sequence[ColumnProfile]) -> list[ColumnGroup]:
    """Put yes/no columns into groups, which are tasks; a group of one is a task of its own.

    A shared prefix with a marker (`tag:`, `is_`) makes a group, and takes in columns that
    say only yes or only no. Other first words (`color_`) count when every remaining column shares
    one; else all that remain are one group.

    Columns full of 1 and -1 alone, which mean yes and no, and columns of 1 and 0 are never one
    group; with empty cells among them, -1 may as well mean unknown beside 0 of other columns.

    Args:
        columns: Columns of `is_yes_no`. Those in no group say only yes or only no.
    """
    signed = [column for column in columns if read_answers(column.texts).negatives]
    others = [column for column in columns if column not in signed]
    if any(column.num_unknown for column in signed):
        return _grouped(columns)
    return [*_grouped(others), *(_grouped(signed) if signed else [])]


def _grouped(columns: Sequence[ColumnProfile]) -> list[ColumnGroup]:
    marked = _by_prefix(columns, _marked_prefix)
    groups = [g for g in marked if len(g.members) > 1 and any(map(says_both, g.members))]
    taken = {member.name for group in groups for member in group.members}
    rest = [column for column in columns if column.name not in taken and says_both(column)]
    by_word = _by_prefix(rest, lambda name: _matched(_FIRST_WORD, name))
    if sum(len(group.members) for group in by_word if len(group.members) > 1) == len(rest):
        return [*groups, *by_word]
    return [*groups, ColumnGroup("", tuple(rest))]


def _by_prefix(
    columns: Sequence[ColumnProfile], prefix_of: Callable[[str], str]
) -> list[ColumnGroup]:
    found: defaultdict[str, list[ColumnProfile]] = defaultdict(list)
    for column in columns:
        found[prefix_of(column.name)].append(column)
    return [ColumnGroup(prefix, tuple(found[prefix])) for prefix in found if prefix]


def _marked_prefix(name: str) -> str:
    return _matched(_WORD, name) or _matched(_SIGN, name)


def _matched(pattern: re.Pattern[str], name: str) -> str:
    match = pattern.match(name)
    return match.group() if match else ""

"""Columns that hold a split of the rows, or groups of rows that belong together."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from polyhead.config_guess.column_profile import ColumnProfile
from polyhead.config_guess.column_reasons import no_task
from polyhead.config_guess.proposal import Decision
from polyhead.config_guess.yes_no_columns import answers, is_yes_no
from polyhead.data import (
    OwnSplit,
    Subjects,
    choose_subjects,
    find_own_split,
    subject_columns,
)
from polyhead.data.split_cells import FOLD_NAME, SPLIT_NAME, flag_part, read_numbers
from polyhead.errors import DataError
from polyhead.table import Table


def holds_split(column: ColumnProfile) -> bool:
    """Whether a yes/no column is no label by its name: `is_valid`, `split`, `fold`."""
    names_part = flag_part(column.name) is not None
    return names_part or bool(SPLIT_NAME.fullmatch(column.name) or FOLD_NAME.fullmatch(column.name))


def part_numbers(column: ColumnProfile) -> Mapping[str, str] | None:
    """What 0, 1 and 2 mean in a column such as `partition`; None for other cells and names."""
    is_named = SPLIT_NAME.fullmatch(column.name)
    return read_numbers(column.texts) if is_named and column.texts else None


def part_flags(column: ColumnProfile) -> Decision | None:
    """Yes/no cells of a column such as `is_valid`."""
    part = flag_part(column.name)
    if part is None or not is_yes_no(column):
        return None
    counts = answers(column)
    reason = f"says which rows are {part} ({counts[1]:,} of {column.num_rows:,})"
    return Decision((column.name,), None, "split", reason, keys={"column": column.name})


def folds(column: ColumnProfile) -> Decision | None:
    """Numbers of folds, of which only the user knows the one to hold out."""
    if not FOLD_NAME.fullmatch(column.name) or not 2 <= len(column.texts) <= 100:
        return None
    first, second = sorted(column.texts)[:2]
    reason = (
        f"numbers {len(column.texts):,} folds, and does not say which is held out; "
        f"split: {{column: {column.name}, parts: {{val: [{first}], test: [{second}]}}}} takes two "
        "of them, and the others train"
    )
    return no_task(column, "split", reason)


def own_split(table: Table, learnt: Collection[str]) -> tuple[OwnSplit | None, str | None]:
    """The user's own split, or why it cannot be used."""
    try:
        return find_own_split(table, learnt), None
    except DataError as error:
        return None, error.message


def subject_decisions(
    table: Table, own: OwnSplit | None, without: Collection[str]
) -> tuple[dict[str, list[Decision]], str | None]:
    """A decision for each column of subjects, and the column whose rows are to stay together.

    Args:
        table: N rows.
        own: The user's own split, which is left as it is.
        without: Columns that are decided already.
    """
    found = subject_columns(table, without)
    chosen = choose_subjects(found)
    if chosen is not None and own is not None:
        is_whole = "val" in own.parts or chosen.num_torn(own.parts) > 0
        chosen = None if is_whole else chosen
    decided = {each.column: [_subjects(each, each is chosen, own)] for each in found}
    return decided, chosen.column if chosen else None


def _subjects(subjects: Subjects, is_chosen: bool, own: OwnSplit | None) -> Decision:
    name, rows = subjects.column, int(subjects.counts.sum())
    reason = f"{len(subjects.counts):,} different ones in {rows:,} rows, whose images are alike"
    if is_chosen:
        reason += "; kept in one part each (split.group_by)"
    elif own is not None:
        torn = subjects.num_torn(own.parts)
        where = "several parts of your own split"
        reason += f"; {torn:,} of them have images in {where}" * bool(torn)
    elif not subjects.can_be_shared_out:
        reason += (
            f"; they are few or uneven (the largest has {subjects.largest:.0%} of the rows), so "
            "name it in data.split.group_by yourself if they should stay in one part each"
        )
    else:
        reason += "; another column is named in data.split.group_by"
    return Decision((name,), None, "group", reason)

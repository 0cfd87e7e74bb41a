"""The rule for columns of numbers."""

from __future__ import annotations

from polyhead.preparation.cell_kinds import are_numbers, number, repeat_enough
from polyhead.preparation.column_profile import MAX_ROWS, ColumnProfile
from polyhead.preparation.column_reasons import CLASS_NAME, LATER, fewest_rows, no_task
from polyhead.preparation.label_rules import class_task
from polyhead.preparation.proposal import Decision

MAX_CODES = 10


def numbers(column: ColumnProfile) -> Decision | None:
    """Numbers; whole ones that are few and repeated are read as classes."""
    if not are_numbers(column.texts):
        return None
    finite = [text for text in column.texts if are_numbers([text])]
    values = sorted(finite, key=number)
    is_whole = all(number(text).is_integer() for text in values)
    span = (
        f"{len(values):,} different {'whole ' * is_whole}numbers from {values[0]} to {values[-1]}"
    )
    if is_whole and _is_running(values, column):
        reason = f"{span}, no two the same, as row numbers are"
        return no_task(column, "identifier", reason)
    if is_whole and CLASS_NAME.search(column.name) and repeat_enough(column.texts):
        return class_task(column, f"{span}, classes by the name of the column")
    if is_whole and len(values) <= MAX_CODES and repeat_enough(column.texts):
        remark = f"read as classes; if they are amounts, {LATER.format('number')}"
        return class_task(column, f"{span}, {fewest_rows(column)}, {remark}")
    return no_task(column, "number", f"{span}; {LATER.format('number')}")


def _is_running(values: list[str], column: ColumnProfile) -> bool:
    """Whether whole numbers count rows: none twice, and no gap but those a sample leaves."""
    if len(values) < column.num_known or len(values) <= MAX_CODES:
        return False
    is_sample = len(values) == MAX_ROWS
    return is_sample or number(values[-1]) - number(values[0]) == len(values) - 1

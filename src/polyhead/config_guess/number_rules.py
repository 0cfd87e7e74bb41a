"""The rule for columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from polyhead.config_guess.cell_kinds import are_numbers, number
from polyhead.config_guess.column_profile import MAX_ROWS, ColumnProfile
from polyhead.config_guess.column_reasons import (
    CLASS_NAME,
    fewest_rows,
    no_task,
    unknown_cells,
)
from polyhead.config_guess.count_columns import (
    are_counts,
    fall_off,
    is_amount_name,
    is_count_name,
)
from polyhead.config_guess.label_rules import class_task
from polyhead.config_guess.proposal import Decision
from polyhead.table.tag_splits import repeat_enough
from polyhead.tasks.number.number_cells import is_ambiguous

MAX_CODES = 10


def numbers(column: ColumnProfile) -> Decision | None:
    """Numbers; whole ones that are few and repeated are classes, unless they look like counts."""
    if not are_numbers(column.texts):
        return None
    values = sorted((text for text in column.texts if are_numbers([text])), key=number)
    is_whole = all(number(text).is_integer() for text in values)
    num_values, kind = len(set(map(number, values))), "whole " * is_whole
    span = f"{num_values:,} different {kind}numbers from {values[0]} to {values[-1]}"
    if is_whole and _is_running(values, column):
        return no_task(column, "identifier", f"{span}, no two the same, as row numbers are")
    codes = _codes(column, values, span) if is_whole and repeat_enough(column.texts) else None
    return codes or _amounts(column, values, span)


def _codes(column: ColumnProfile, values: Sequence[str], span: str) -> Decision | None:
    """Whole numbers that name classes."""
    if CLASS_NAME.search(column.name):
        return class_task(column, f"{span}, classes by the name of the column")
    if is_amount_name(column.name) and len(values) > 2:
        return None
    if len(values) > MAX_CODES or is_count_name(column.name) or fall_off(column.texts):
        return None
    remark = "read as classes; if they are amounts, write type: number"
    return class_task(column, f"{span}, {fewest_rows(column)}, {remark}")


def _amounts(column: ColumnProfile, values: Sequence[str], span: str) -> Decision:
    """A number task, when its cells can be read."""
    unclear = next((text for text in values if is_ambiguous(text)), None)
    if unclear is not None:
        readings = f"{unclear.replace(',', '.')} or {unclear.replace(',', '')}"
        reason = f'{span}; "{unclear}" may be {readings}: write such cells without a comma'
        return no_task(column, "number", reason)
    keys, reason = {"column": column.name}, f"{span}, an amount"
    if are_counts(values):
        keys["distribution"] = "poisson"
        reason = f"{span}, as counts are"
    is_named = len(values) > 2 and is_amount_name(column.name)
    reason += " by the name of the column" * (is_named and not are_counts(values))
    if len(values) <= MAX_CODES and (is_named or are_counts(values)):
        reason += "; if they stand for classes, write type: class"
    not_finite = sum(rows for text, rows in column.texts.items() if not are_numbers([text]))
    if not are_counts(values) and number(values[0]) == 0 and number(values[-1]) == 1:
        reason += "; if 0 is no and 1 is yes, write type: tags, which asks for the others"
    if not_finite:
        reason += f"; {not_finite:,} cells say inf: empty them if they mean unknown"
    reason += unknown_cells(column)
    return Decision((column.name,), column.name, "number", reason, keys=keys)


def _is_running(values: Sequence[str], column: ColumnProfile) -> bool:
    """Whether whole numbers count rows: none twice, and no gap but those a sample leaves."""
    if len(values) < column.num_known or len(values) <= MAX_CODES:
        return False
    is_sample = len(values) == MAX_ROWS
    return is_sample or number(values[-1]) - number(values[0]) == len(values) - 1

"""Rules for columns that no task learns, or none yet."""

from __future__ import annotations

import re

from polyhead.config_guess.cell_kinds import (
    are_addresses,
    are_dates,
    are_images,
    are_nested,
    split_parts,
)
from polyhead.config_guess.column_profile import ColumnProfile
from polyhead.config_guess.column_reasons import (
    BOXES_FROM,
    CLASS_NAME,
    no_task,
    unknown_cells,
)
from polyhead.config_guess.proposal import Decision
from polyhead.config_guess.split_rules import part_numbers
from polyhead.data import PARTS
from polyhead.data.split_cells import SPLIT_NAME
from polyhead.tasks.labels import natural_order

_KEY_NAME = re.compile(r"(?i:(?:^|.*[^a-z])(?:id|uuid|guid|hash|index|idx))|.*[a-z]I[dD]")
_GROUP_NAME = re.compile(r"(?i)patient|subject|session|video|sequence|clip|study")
_MANY_CHARACTERS = 60
_CODE = re.compile(r"[^\W\d][^\W\d]{0,9}[-_ ]?\d+")
# An amount as people write it: 5 kg, 12%, €3.50, 1.234,50, (7).
_MEASURE = re.compile(
    r"(?:[^\w\s]{1,2}\s?)?[-+(]?\d[\d.,' ]*\)?(?:\s?[^\W\d_]{1,4}[²³]?|\s?[%€$£¥°])?"
)
_FEW = 10
_MIN_ROWS_A_CODE = 20


def empty(column: ColumnProfile) -> Decision | None:
    """No known cell."""
    if column.num_known:
        return None
    return no_task(column, "empty", f"all {column.num_rows:,} cells are empty")


def nested(column: ColumnProfile) -> Decision | None:
    """Lists or objects inside lists, which are not the objects that readers know."""
    if column.is_nested or are_nested(column.texts):
        reason = f"each cell holds lists or objects inside a list, as boxes do; {BOXES_FROM}"
        return no_task(column, "boxes", reason)
    return None


def split_column(column: ColumnProfile) -> Decision | None:
    """Cells that name parts of a split, or a name that says so."""
    numbers = part_numbers(column)
    parts = split_parts(column.texts) or frozenset((numbers or {}).values())
    shown = ", ".join(natural_order(column.texts)[:8])
    if not parts:
        if not SPLIT_NAME.fullmatch(column.name) or len(column.texts) > _FEW:
            return None
        reason = (
            f"its name says that it shares out the rows, but not what its cells mean (found "
            f"{shown}; {', '.join(PARTS)} are read); list them: split: {{column: {column.name}, "
            "parts: {val: [...], test: [...]}}, and the rest trains"
        )
        return no_task(column, "split", reason)
    if numbers:
        shown = ", ".join(f"{cell} {part}" for cell, part in numbers.items())
    reason = f"says which rows train and which are held out ({shown})"
    problem = f"; {column.num_unknown:,} cells are empty" if column.num_unknown else ""
    problem = problem or ("" if "train" in parts else "; no row says train")
    if problem:
        reason += f"{problem}, so the split cannot be taken from it before you fill that in"
        return no_task(column, "split", reason)
    reason += "; the split is taken from it"
    if "val" not in parts:
        reason += ", validation rows being drawn from the training rows"
    return Decision((column.name,), None, "split", reason, keys={"column": column.name})


def constant(column: ColumnProfile) -> Decision | None:
    """One cell throughout."""
    if len(column.texts) > 1:
        return None
    cell = next(iter(column.texts))
    reason = f'every known cell is "{cell[:_MANY_CHARACTERS]}"{unknown_cells(column)}'
    if column.num_unknown:
        reason += " (where it means no, write 0)"
    return no_task(column, "constant", reason)


def images(column: ColumnProfile) -> Decision | None:
    """Names of other images; whether these are masks, `mask_task` looks up."""
    if not are_images(column.texts):
        return None
    return no_task(column, "image", f"names another image in {column.num_known:,} cells")


def dates_and_addresses(column: ColumnProfile) -> Decision | None:
    """Calendar dates; web addresses."""
    if are_dates(column.texts):
        return no_task(column, "date", f"dates ({len(column.texts):,} different)")
    if are_addresses(column.texts):
        return no_task(column, "identifier", f"web addresses ({len(column.texts):,} different)")
    return None


def keys(column: ColumnProfile) -> Decision | None:
    """Decide columns that by name or by cells (`L0412`) identify a row, or what it belongs to."""
    distinct = len(column.texts)
    is_named = _KEY_NAME.fullmatch(column.name) or _GROUP_NAME.fullmatch(column.name)
    is_code = distinct > _FEW and all(_CODE.fullmatch(text) for text in column.texts)
    is_rare = column.num_known < _MIN_ROWS_A_CODE * distinct
    if CLASS_NAME.search(column.name) or not (is_named or (is_code and is_rare)):
        return None
    if distinct == column.num_known:
        return no_task(column, "identifier", f"all {distinct:,} cells differ, as identifiers do")
    reason = (
        f"{distinct:,} different identifiers in {column.num_known:,} rows; if images that share "
        "one are alike, name it in data.split.group_by, so that they stay in one part"
    )
    return no_task(column, "group", reason)


def free_text(column: ColumnProfile) -> Decision:
    """What no other rule takes."""
    distinct, longest = len(column.texts), max(map(len, column.texts))
    if all(_MEASURE.fullmatch(text) for text in column.texts):
        cell = next(iter(column.texts))
        reason = f'numbers with signs or units, such as "{cell}": write the number alone, as 1234.5'
        return no_task(column, "number", reason)
    if distinct == column.num_known and not any(" " in text for text in column.texts):
        return no_task(column, "identifier", f"all {distinct:,} cells differ, as identifiers do")
    reason = (
        f"{distinct:,} different texts in {column.num_known:,} rows, up to {longest:,} characters "
        "long: too few rows a text to be classes"
    )
    return no_task(column, "text", reason)

"""Whether a column of picture names names masks, and how many classes these have."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from polyhead.config_guess.column_profile import ColumnProfile
from polyhead.config_guess.column_reasons import no_task, unknown_cells
from polyhead.config_guess.proposal import Decision
from polyhead.errors import ImageError
from polyhead.table import Table
from polyhead.table.mask_pixels import read_mask
from polyhead.table.mask_sources import UNKNOWN_PIXEL, distinct
from polyhead.tasks.mask.cells import mask_files

MAX_MASKS = 40  # that are looked at
_NAME = re.compile(r"(?i)mask|seg")
_MAX_VALUES = 64  # of masks that are not called so
_MIN_SHARE = 1 / 8  # of the values up to the greatest; else they are grey levels


def mask_task(table: Table, column: ColumnProfile) -> Decision:
    """A mask task, or why the pictures that a column names are no masks.

    Args:
        table: The rows.
        column: Whose cells are names of pictures.
    """
    is_named = _NAME.search(column.name) is not None
    kind = "mask" if is_named else "picture"
    found = f"names another picture in each of {column.num_known:,} cells"
    try:
        values, num_masks = _values(table, column.name)
    except ImageError as error:
        doubt = ", masks by its name, but" if is_named else "; if these are masks:"
        return no_task(column, kind, f"{found}{doubt} {error.message}")
    if not is_named and len(values) > _MAX_VALUES:
        return no_task(column, "picture", found)
    problem = _problem(values)
    shown = _shown(values)
    if problem and is_named and 1 < len(values) <= _MAX_VALUES and max(values) <= UNKNOWN_PIXEL:
        names = {str(value): f"class_{value}" for value in values}
        if values == [0, UNKNOWN_PIXEL]:
            names = {"0": "background", str(UNKNOWN_PIXEL): "foreground"}
        reason = (
            f"names masks in {column.num_known:,} cells, with the values {shown} in {num_masks} "
            f"looked at{unknown_cells(column)}. Masks do not tell names: mend those that stand for "
            "the values; take out a value that is unknown and write it under ignore"
        )
        keys = {"column": column.name, "values": names}
        return Decision((column.name,), column.name, "mask", reason, tuple(names.values()), keys)
    if problem:
        return no_task(column, kind, f"{found}, with the values {shown}; {problem}")
    classes = tuple(f"class_{value}" for value in range(max(2, 1 + max(_known(values)))))
    reason = (
        f"names masks in {column.num_known:,} cells, with the values {shown} in {num_masks} looked "
        f"at{unknown_cells(column)}. Masks do not tell names: write one for each value under "
        f"classes, in this order ({UNKNOWN_PIXEL} is unknown)"
    )
    keys = {"column": column.name, "classes": classes}
    return Decision((column.name,), column.name, "mask", reason, classes, keys)


def _values(table: Table, name: str) -> tuple[list[int], int]:
    """The distinct values of some masks, spread over the rows, and how many masks these are."""
    files = mask_files(table, name)
    known = np.flatnonzero(files.names.is_valid().to_numpy(zero_copy_only=False))
    places = np.linspace(0, len(known) - 1, min(len(known), MAX_MASKS)).round().astype(int)
    found = [distinct(read_mask(files.path(row)).codes) for row in known[places].tolist()]
    return sorted(set(np.concatenate(found).tolist())), len(found)


def _known(values: Sequence[int]) -> list[int]:
    return [value for value in values if value != UNKNOWN_PIXEL]


def _problem(values: Sequence[int]) -> str:
    """Why the values cannot be class indices; "" when they can."""
    known = _known(values)
    if not known or values in ([0, UNKNOWN_PIXEL], [1, UNKNOWN_PIXEL]):
        return (
            f"{UNKNOWN_PIXEL} is read as unknown: write the index of the class instead, 0, 1, 2, …"
        )
    if not 0 <= min(known) <= max(known) < UNKNOWN_PIXEL:
        return f"class indices are 0 to {UNKNOWN_PIXEL - 1}"
    if len(known) < _MIN_SHARE * (max(known) + 1):
        return "these are grey levels rather than class indices: write 0, 1, 2, … instead"
    return ""


def _shown(values: Sequence[int]) -> str:
    return ", ".join(map(str, values[:16])) + (", …" if len(values) > 16 else "")

"""Rules for cells that hold several numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from polyhead.preparation.inference.column_profile import ColumnProfile
from polyhead.preparation.inference.column_reasons import BOXES_FROM, no_task
from polyhead.preparation.inference.proposal import Decision
from polyhead.structures.tag_splits import are_same_length_numbers


def numbers_in_text(column: ColumnProfile) -> Decision | None:
    """Cells such as `10 20 30 40`."""
    lists = {tuple(re.findall(r"[^\s,;|\[\]()]+", text)): 1 for text in column.texts}
    return same_length_numbers(column, lists) if are_same_length_numbers(lists) else None


def same_length_numbers(column: ColumnProfile, lists: Mapping[tuple[str, ...], int]) -> Decision:
    """Equally many numbers in each cell."""
    length = max(map(len, lists))
    if length == len(("left", "top", "right", "bottom")):
        reason = f"4 numbers in each cell, as boxes have; {BOXES_FROM}"
        return no_task(column, "boxes", reason)
    return no_task(column, "number", f"{length} numbers in each cell, which no task type reads")

"""Rules for cells that hold several numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from polyhead.config_guess.cell_kinds import are_numbers
from polyhead.config_guess.column_profile import ColumnProfile
from polyhead.config_guess.column_reasons import BOXES_FROM, no_task
from polyhead.config_guess.proposal import Decision
from polyhead.formats.long.spellings import plain
from polyhead.table.tag_splits import are_same_length_numbers

_COORDINATE = re.compile(
    r"(?:bbox|bndbox|boundingbox|box|roi)(?:[xywh]|width|height|left|top|right|bottom|area)"
    r"|(?:bbox|bndbox|boundingbox|box|roi)?"
    r"(?:[xy](?:min|max|tl|br|cent(?:er|re)|start|end|\d{1,2})|(?:min|max|cent(?:er|re)|c)[xy])"
)


def numbers_in_text(column: ColumnProfile) -> Decision | None:
    """Cells such as `10 20 30 40`."""
    lists = {tuple(re.findall(r"[^\s,;|\[\]()]+", text)): 1 for text in column.texts}
    return same_length_numbers(column, lists) if are_same_length_numbers(lists) else None


def coordinates(column: ColumnProfile) -> Decision | None:
    """Numbers in a column that is called as a side or a corner of a box is."""
    if not _COORDINATE.fullmatch(plain(column.name)) or not are_numbers(column.texts):
        return None
    reason = f"a coordinate by its name, and no whole box with the columns beside it; {BOXES_FROM}"
    return no_task(column, "boxes", reason)


def same_length_numbers(column: ColumnProfile, lists: Mapping[tuple[str, ...], int]) -> Decision:
    """Equally many numbers in each cell."""
    length = max(map(len, lists))
    if length == len(("left", "top", "right", "bottom")):
        reason = f"4 numbers in each cell, as boxes have; {BOXES_FROM}"
        return no_task(column, "boxes", reason)
    return no_task(column, "number", f"{length} numbers in each cell, which no task type reads")

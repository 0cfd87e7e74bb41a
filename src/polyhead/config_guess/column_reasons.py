"""Clauses that the reasons of several rules share."""

from __future__ import annotations

import re

from polyhead.config_guess.column_profile import ColumnProfile
from polyhead.config_guess.proposal import Decision
from polyhead.errors import first_few

BOXES_FROM = (
    "polyhead reads boxes from COCO, VOC or YOLO, from tables with a row a box (image, label, "
    "x_min, y_min, x_max, y_max), and from tables and JSON whose cells are lists of "
    '{"label": "car", "xyxy": [x_min, y_min, x_max, y_max]} in pixels'
)
_MAX_WORDS = 8
CLASS_NAME = re.compile(r"(?i)class|categor|label|tag|species|breed")


def no_task(column: ColumnProfile, kind: str, reason: str) -> Decision:
    """A column that no task learns."""
    return Decision((column.name,), None, kind, reason)


def unknown_cells(column: ColumnProfile) -> str:
    """A clause on cells that are empty or say that nothing is known; "" when there are none."""
    if not column.num_unknown:
        return ""
    words = first_few([f'"{word}"' for word in column.unknown_words], _MAX_WORDS)
    saying = f" or say {words}" if words else ""
    return (
        f"; {column.num_unknown:,} of {column.num_rows:,} cells are empty{saying}, read as unknown"
    )


def fewest_rows(column: ColumnProfile) -> str:
    """A clause on how often the rarest cell occurs."""
    least = min(column.texts.values())
    rows = f"{column.num_known:,} rows"
    return f"each in at least {least:,} of {rows}" if least > 1 else f"most repeated in {rows}"

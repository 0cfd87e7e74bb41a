"""Labels written into one cell: several with a delimiter between them, or as a list."""

from __future__ import annotations

import json
from collections.abc import Iterable

DELIMITERS = ("|", ";", ",")


def split_labels(text: str, delimiter: str) -> list[str]:
    """The labels of one cell, each once.

    >>> split_labels("car|bus|car", "|"), split_labels('["a|b"]', "|"), split_labels("[]", "|")
    (['car', 'bus'], ['a|b'], [])
    """
    return distinct_labels(_list_items(text) if is_list_text(text) else text.split(delimiter))


def split_cell(text: str, delimiter: str, none: str | None) -> list[str] | None:
    """Labels of one cell; None when it names nothing and is unknown.

    >>> split_cell("car|bus", "|", None), split_cell("[]", "|", None), split_cell(" ", "|", None)
    (['car', 'bus'], [], None)
    """
    text = text.strip()
    if text == none:
        return []
    labels = split_labels(text, delimiter)
    return labels if labels or is_list_text(text) else None


def is_list_text(text: str) -> bool:
    """Whether a cell is written as a list, which may be an empty one."""
    text = text.strip()
    return text.startswith("[") and text.endswith("]")


def distinct_labels(items: Iterable[str]) -> list[str]:
    """Labels without the white space around them, each once, in order; blank ones are none."""
    return list(dict.fromkeys(item.strip() for item in items if item.strip()))


def _list_items(text: str) -> list[str]:
    """Items of `["a", "b"]`, or of `[a, b]` as people write it; numbers as they are written."""
    text = text.strip()
    try:
        items = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (json.JSONDecodeError, RecursionError):
        items = []
    if items and all(isinstance(item, str) for item in items):
        return items
    return [item.strip().strip("'\"") for item in text[1:-1].split(",")]

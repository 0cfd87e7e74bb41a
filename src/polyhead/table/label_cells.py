"""Labels written into one cell: several with a delimiter between them, or as a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from polyhead.table.structured_text import looks_structured, parse_structured

DELIMITERS = ("|", ";", ",")
CHOICES = ("choices", "labels", "tags", "classes", "categories", "taxonomy")
"""Keys of an object that holds nothing but the labels of a cell, as `{"choices": ["a", "b"]}`."""


def split_labels(text: str, delimiter: str) -> list[str]:
    """The labels of one cell, each once; a list that cannot be parsed stays one damaged label.

    >>> split_labels("car|bus|car", "|"), split_labels('["a|b"]', "|"), split_labels("[]", "|")
    (['car', 'bus'], ['a|b'], [])
    """
    if not looks_structured(text):
        return distinct_labels(text.split(delimiter))
    try:
        return distinct_labels(structured_labels(text))
    except ValueError:
        return distinct_labels([text])


def split_cell(text: str, delimiter: str, none: str | None) -> list[str] | None:
    """Labels of one cell; None when it names nothing and is unknown.

    >>> split_cell("car|bus", "|", None), split_cell("[]", "|", None), split_cell(" ", "|", None)
    (['car', 'bus'], [], None)
    """
    text = text.strip()
    if text == none:
        return []
    labels = split_labels(text, delimiter)
    return labels if labels or looks_structured(text) else None


def structured_labels(text: str) -> list[str]:
    """The labels of a cell for which `looks_structured` holds.

    Raises:
        ValueError: It cannot be parsed, or holds something else than labels; gives the reason.
    """
    return labels_in(parse_structured(text))


def labels_in(value: Any) -> list[str]:
    """The labels of a parsed list, or of an object that holds such a list alone.

    >>> labels_in(["a", "b"]), labels_in({"choices": ["a"]}), labels_in({})
    (['a', 'b'], ['a'], [])

    Raises:
        ValueError: It holds objects, lists inside a list or null.
    """
    choices = choices_in(value)
    if choices is not None:
        return choices
    if isinstance(value, dict):
        shown = ", ".join(list(value)[:8])
        raise ValueError(f"it is an object with the keys {shown}; expected a list of labels")
    if not isinstance(value, list):
        raise ValueError("it is a single value; write it without quotes or brackets")
    return [_label(item) for item in value]


def choices_in(value: Any) -> list[str] | None:
    """The labels of an object such as `{"choices": ["a", "b"]}` or `{}`; None for other values."""
    if not isinstance(value, dict) or len(value) > 1:
        return None
    key, items = next(iter(value.items()), ("choices", []))
    if key not in CHOICES:
        return None
    items = items if isinstance(items, list) else [items]
    return [" / ".join(map(_label, i)) if isinstance(i, list) else _label(i) for i in items]


def _label(item: Any) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    if item is None:
        raise ValueError("it holds null among the labels; remove it, or empty the cell")
    if isinstance(item, list | dict):
        raise ValueError("it holds lists or objects inside a list; expected a list of labels")
    return str(item)


def distinct_labels(items: Iterable[str]) -> list[str]:
    """Labels without the white space around them, each once, in order; blank ones are none."""
    return list(dict.fromkeys(item.strip() for item in items if item.strip()))

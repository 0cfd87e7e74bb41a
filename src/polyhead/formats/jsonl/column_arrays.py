"""Turn the values of one key, over many lines, into an Arrow array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from polyhead.errors import DataError
from polyhead.formats.faults import refusal
from polyhead.table.structured_text import Number

_MAX_DEPTH = 20
_LIST = "a list"
_TEXT = "one value"
_NESTED = "nested lists or objects"


def to_array(name: str, values: list[Any], lines: Sequence[int], source: str) -> pa.Array:
    """The cells of one column.

    Args:
        name: Of the column.
        values: One a line, as `json_lines` parses them.
        lines: Line of each value.
        source: File name.

    Returns:
        `string`, `list<string>`, `list<null>` while all lists are empty, `null` while all is
        unknown, or whatever Arrow makes of nested values.

    Raises:
        DataError: `E_CELL`, with the line: values of several kinds.
    """
    kind = _column_kind(name, values, lines, source)
    try:
        return _build(kind, values)
    except RecursionError as error:
        message = f'column "{name}" is nested more than {_MAX_DEPTH} deep; flatten it.'
        raise refusal("E_CELL", f"{source}:{lines[0]}-{lines[-1]}", message) from error
    except UnicodeEncodeError as error:
        raise _lone_surrogate(name, values, lines, source) from error
    except pa.ArrowException as error:
        message = f'column "{name}" mixes kinds of values ({error}); use one kind.'
        raise refusal("E_CELL", f"{source}:{lines[0]}-{lines[-1]}", message) from error


def _build(kind: str | None, values: list[Any]) -> pa.Array:
    if kind is None:
        return pa.nulls(len(values))
    if kind == _TEXT:
        return pa.array([_text(value) for value in values], pa.string())
    if kind == _NESTED:
        return pa.array([_plain(value) for value in values])
    empty = not any(values)
    lists = [None if value is None else [_text(item) for item in value] for value in values]
    return pa.array(lists, pa.list_(pa.null() if empty else pa.string()))


def _column_kind(name: str, values: list[Any], lines: Sequence[int], source: str) -> str | None:
    """The kind that all values share: an empty list goes with nested ones too."""
    found: str | None = None
    for value, line in zip(values, lines, strict=True):
        kind = _kind(value)
        if kind is None or kind == found:
            continue
        if found is None or {found, kind} == {_LIST, _NESTED}:
            found = kind if found is None else _NESTED
            continue
        message = f'column "{name}" holds {kind} here and {found} above; use one kind.'
        raise refusal("E_CELL", f"{source}:{line}", message)
    return found


def _kind(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict):
        return _NESTED
    if isinstance(value, list):
        return _NESTED if any(isinstance(item, list | dict) for item in value) else _LIST
    return _TEXT


def _text(value: Any) -> str | None:
    return ("true" if value else "false") if isinstance(value, bool) else value


def _plain(value: Any, depth: int = 1) -> Any:
    """A nested value with its numbers as numbers."""
    if depth > _MAX_DEPTH:
        raise RecursionError
    if isinstance(value, Number):
        return value.value()
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    return value


def _lone_surrogate(name: str, values: list[Any], lines: Sequence[int], source: str) -> DataError:
    broken = [line for value, line in zip(values, lines, strict=True) if _is_broken(value)]
    message = (
        f'column "{name}" holds half of a surrogate pair (\\udXXX); write the whole character.'
    )
    return refusal("E_CELL", f"{source}:{broken[0]}", message)


def _is_broken(value: Any) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in str(value))

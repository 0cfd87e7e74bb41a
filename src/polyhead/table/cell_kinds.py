"""Kinds of cells in words: messages never show Arrow's names of types."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from pyarrow import types

_WORDS: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (types.is_null, "nothing"),
    (types.is_boolean, "yes or no"),
    (types.is_integer, "whole numbers"),
    (types.is_floating, "numbers"),
    (types.is_decimal, "numbers"),
    (types.is_binary, "bytes"),
    (types.is_large_binary, "bytes"),
    (types.is_temporal, "dates or times"),
    (types.is_nested, "nested values"),
)
_LISTS = (types.is_list, types.is_large_list, types.is_fixed_size_list, types.is_list_view)


def cell_kind(kind: pa.DataType) -> str:
    """What the cells of such a column are, for a message.

    >>> cell_kind(pa.list_(pa.string()))
    'lists of text'
    >>> cell_kind(pa.dictionary(pa.int8(), pa.string()))
    'text'
    """
    if types.is_dictionary(kind):
        return cell_kind(kind.value_type)
    if any(test(kind) for test in _LISTS):
        return f"lists of {cell_kind(kind.value_type)}"
    if types.is_struct(kind):
        return f"records with the keys {', '.join(field.name for field in kind)}"
    return next((words for test, words in _WORDS if test(kind)), "text")

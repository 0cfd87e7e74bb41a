"""Numbers in the cells of a long table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow.compute import (
    MatchSubstringOptions,
    ReplaceSubstringOptions,
    SetLookupOptions,
    SplitPatternOptions,
    call_function,
)

from polyhead.formats.column_builder import is_text
from polyhead.formats.long.spellings import BoxColumns, BoxFormat, find_boxes
from polyhead.table.object_spellings import is_any_list
from polyhead.table.structured_text import looks_structured, parse_structured

_BLANK = ("", "nan", "na", "n/a", "null", "none", "-", "no_box", "nobox", "no box")
_NUMBER = r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$"


@dataclass(frozen=True, eq=False)
class Quads:
    """Four numbers a row, or eight of four corners.

    Attributes:
        values: (R, 4) or (R, 8) float64, NaN where there is none.
        is_blank: (R,) bool: no number at all.
        is_wrong: (R,) bool: some are missing, or are no numbers.
        format: What four numbers are, where header or keys say so.
    """

    values: np.ndarray
    is_blank: np.ndarray
    is_wrong: np.ndarray
    format: BoxFormat | None = field(default=None)


def read_quads(data: pa.Table, boxes: BoxColumns) -> Quads | None:
    """The numbers of the columns of a box; None where most of the cells are none.

    Columns of 0 and 1 alone are answers, not coordinates.
    """
    columns = [data.column(name) for name in boxes.names]
    quads = _one_cell(columns[0]) if len(columns) == 1 else _apart(columns)
    if quads is None:
        return None
    num_filled = np.count_nonzero(~quads.is_blank)
    if not num_filled or 2 * np.count_nonzero(quads.is_wrong) > num_filled:
        return None
    if np.isin(quads.values[~quads.is_blank & ~quads.is_wrong], (0.0, 1.0)).all():
        return None
    return replace(quads, format=quads.format or boxes.format)


def numbers(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """(R,) float64, NaN for blank cells and for those that are no number; (R,) bool: blank.

    A comma may be the decimal point.
    """
    texts = call_function("utf8_trim_whitespace", [column.cast(pa.string())]).fill_null("")
    try:
        # The usual column is numbers throughout: the parts below take several times as long.
        return texts.cast(pa.float64()).to_numpy(), np.zeros(len(texts), bool)
    except pa.ArrowInvalid:
        lower = call_function("utf8_lower", [texts])
    blank = call_function("is_in", [lower], SetLookupOptions(pa.array(_BLANK)))
    options = ReplaceSubstringOptions(",", ".")
    is_number = call_function("match_substring_regex", [texts], MatchSubstringOptions(_NUMBER))
    dotted = call_function("replace_substring", [texts], options)
    values = call_function("if_else", [is_number, dotted, pa.scalar(None, pa.string())])
    return values.cast(pa.float64()).fill_null(np.nan).to_numpy(), blank.to_numpy()


def _apart(columns: Sequence[pa.ChunkedArray]) -> Quads | None:
    """Numbers in columns of their own."""
    if not all(is_text(column.type) for column in columns):
        return None
    found = [numbers(column) for column in columns]
    values = np.stack([value for value, _ in found], axis=1)
    blank = np.stack([cell for _, cell in found], axis=1)
    is_blank = np.asarray(blank.all(axis=1))
    return Quads(values, is_blank, ~is_blank & ~np.isfinite(values).all(axis=1))


def _one_cell(column: pa.ChunkedArray) -> Quads | None:
    """Four numbers in a cell: `[1, 2, 3, 4]`, `1 2 3 4`, a list, or an object with four keys."""
    cells = column.combine_chunks()
    if pa.types.is_struct(cells.type):
        names = [part.name for part in cells.type]
        return _keyed(names, dict(zip(names, cells.flatten(), strict=True)))
    if is_any_list(cells.type):
        return None if pa.types.is_nested(cells.type.value_type) else _listed(cells)
    if not is_text(cells.type):
        return None
    texts = call_function("utf8_trim_whitespace", [cells.cast(pa.string())]).fill_null("")
    if call_function("any", [call_function("starts_with", [texts], _starts("{"))]).as_py():
        return _objects(texts.to_pylist())
    plain = texts
    for pattern, text in ((r"[\[\]()]|array|np\.\w+", " "), (r"[,;\s]+", " ")):
        options = ReplaceSubstringOptions(pattern, text)
        plain = call_function("replace_substring_regex", [plain], options)
    words = call_function("utf8_trim_whitespace", [plain])
    known = call_function("is_in", [call_function("utf8_lower", [words])], _blank())
    words = call_function("if_else", [known, pa.scalar(None, pa.string()), words])
    return _listed(call_function("split_pattern", [words], SplitPatternOptions(" ")))


def _starts(text: str) -> MatchSubstringOptions:
    return MatchSubstringOptions(text)


def _blank() -> SetLookupOptions:
    return SetLookupOptions(pa.array(_BLANK))


def _listed(lists: pa.Array) -> Quads | None:
    """Lists of numbers or of their texts: four each, or eight each."""
    lengths = call_function("list_value_length", [lists]).fill_null(0).to_numpy()
    count = 8 if np.count_nonzero(lengths == 8) > np.count_nonzero(lengths == 4) else 4
    right = np.flatnonzero(lengths == count)
    values = np.full((len(lengths), count), np.nan)
    flat = call_function("list_flatten", [lists.take(pa.array(right))])
    values[right] = numbers(pa.chunked_array([flat.cast(pa.string())]))[0].reshape(-1, count)
    is_blank = lengths == 0
    return Quads(values, is_blank, ~is_blank & ~np.isfinite(values).all(axis=1))


def _objects(texts: Sequence[str]) -> Quads | None:
    """JSON or Python objects, all with the same four keys."""
    found = [_object(text) for text in texts]
    names = list(dict.fromkeys(key for item in found for key in item))
    return _keyed(names, {name: pa.array([_text(i.get(name)) for i in found]) for name in names})


def _object(text: str) -> dict[str, Any]:
    try:
        value = parse_structured(text) if looks_structured(text) else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)


def _keyed(names: Sequence[str], values: dict[str, pa.Array]) -> Quads | None:
    boxes = find_boxes(names)
    if boxes is None or len(boxes.names) == 1:
        return None
    columns = [pa.chunked_array([values[name].cast(pa.string())]) for name in boxes.names]
    quads = _apart(columns)
    return None if quads is None else replace(quads, format=boxes.format)

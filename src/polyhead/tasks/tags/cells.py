"""Cells of a tags task: which labels each row names, in whole-column steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from polyhead.errors import ConfigError, nearest
from polyhead.structures import Table
from polyhead.structures.label_cells import (
    distinct_labels,
    find_delimiter,
    is_list_text,
    split_labels,
)
from polyhead.structures.yes_no_cells import YES_NO_CELLS
from polyhead.tasks.row_faults import MAX_LISTED
from polyhead.tasks.task import UNKNOWN
from polyhead.tasks.text_cells import cell_codes, text_column


@dataclass(frozen=True)
class LabelCells:
    """The labels of one delimited or list column.

    Attributes:
        known: (N,) bool, False where the cell is empty.
        rows: (M,) int64, row of each label named.
        codes: (M,) int32, its index in `labels`.
        labels: Distinct labels as found, in order of first appearance.
    """

    known: np.ndarray
    rows: np.ndarray
    codes: np.ndarray
    labels: list[str]

    def counts(self) -> dict[str, int]:
        """How often each label is named."""
        numbers = np.bincount(self.codes, minlength=len(self.labels))
        return dict(zip(self.labels, numbers.tolist(), strict=True))


def label_column(table: Table, name: str) -> pa.ChunkedArray:
    """A column whose cells are text or lists of text; raises as `text_column`."""
    column = table.column(name)
    is_labels = is_list(column) and not pa.types.is_nested(column.type.value_type)
    return column if is_labels else text_column(table, name)


def is_list(column: pa.ChunkedArray) -> bool:
    """Whether the cells are lists of labels rather than text."""
    return pa.types.is_list(column.type) or pa.types.is_large_list(column.type)


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


def read_labels(column: pa.ChunkedArray, delimiter: str | None, none: str | None) -> LabelCells:
    """The labels of a delimited text column, or of a column of lists.

    Args:
        column: N cells of text or lists.
        delimiter: Between the labels of a text; found in the texts when None.
        none: Text of a cell without labels, besides `[]`.
    """
    if is_list(column):
        return _read_lists(column)
    cells, texts = cell_codes(column)
    delimiter = delimiter or find_delimiter(texts)
    parsed = [split_cell(text, delimiter, none) for text in texts]
    index: dict[str, int] = {}
    coded = [
        np.array([index.setdefault(label, len(index)) for label in labels or ()], np.int32)
        for labels in parsed
    ]
    known_cell = np.array([labels is not None for labels in parsed] + [False])
    lengths = np.array([len(codes) for codes in coded] + [0])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    flat = np.concatenate([*coded, np.empty(0, np.int32)])
    per_row = lengths[cells]
    rows = np.repeat(np.arange(len(cells)), per_row)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(per_row) - per_row, per_row)
    codes = flat[np.repeat(starts[cells], per_row) + within]
    return LabelCells(known_cell[cells], rows, codes.astype(np.int32), list(index))


def _read_lists(column: pa.ChunkedArray) -> LabelCells:
    known = column.is_valid().to_numpy()
    rows = pc.call_function("list_parent_indices", [column]).to_numpy()
    codes, texts = cell_codes(pc.call_function("list_flatten", [column]))
    labels = distinct_labels(texts)
    index = {label: i for i, label in enumerate(labels)}
    places = np.array([index.get(text.strip(), -1) for text in texts] + [-1], np.int32)[codes]
    named = places >= 0
    return LabelCells(known, rows[named].astype(np.int64), places[named], labels)


def match_columns(patterns: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Column name to label for the columns that names or globs stand for.

    The text before the star of a glob is a prefix and no part of the label: `tag:*` reads the
    column `tag:car` as the label `car`.

    Raises:
        ConfigError: A pattern that stands for no column (names the nearest), or two columns that
            stand for the same label.
    """
    found: dict[str, str] = {}
    present = set(columns)
    for pattern in patterns:
        prefix = pattern[:-1] if pattern.endswith("*") and pattern.count("*") == 1 else ""
        hits = [pattern] if pattern in present else [c for c in columns if fnmatchcase(c, pattern)]
        if not hits:
            hint = nearest(pattern, columns)
            raise ConfigError(
                f'no column of the table matches "{pattern}". {hint}', code="E_COLUMN"
            )
        found.update({column: column.removeprefix(prefix) or column for column in hits})
    columns_of: dict[str, str] = {}
    for column, label in found.items():
        if columns_of.setdefault(label, column) != column:
            raise ConfigError(
                f'columns "{columns_of[label]}" and "{column}" both stand for the label "{label}"; '
                "expected one column a label; rename one, or name the columns wanted.",
                code="E_COLUMN",
            )
    return found


def read_multi_hot(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """One yes/no column.

    Returns:
        (N,) int8 of 1, 0, -1; the rows whose cell is none of the words for these; those cells.
    """
    codes, texts = cell_codes(column)
    values = [YES_NO_CELLS.get(text.strip().casefold()) for text in texts]
    blank = [not text.strip() for text in texts]
    known = np.array([UNKNOWN if v is None else v for v in values] + [UNKNOWN], np.int8)
    wrong = np.array([v is None and not b for v, b in zip(values, blank, strict=True)] + [False])
    rows = np.flatnonzero(wrong[codes])
    return known[codes], rows, [texts[code] for code in codes[rows[:MAX_LISTED]]]

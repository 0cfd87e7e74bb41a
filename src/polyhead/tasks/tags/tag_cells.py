"""Cells of a tags task: which labels each row names, in whole-column steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from polyhead.table import Table
from polyhead.table.cell_words import unknown_words
from polyhead.table.label_cells import distinct_labels, split_cell
from polyhead.table.tag_splits import find_delimiter, none_token
from polyhead.tasks.text_cells import cell_codes, text_column


@dataclass(frozen=True)
class LabelCells:
    """The labels of one delimited or list column.

    Attributes:
        known: (N,) bool, False where the cell is empty.
        rows: (M,) int64, row of each label named.
        codes: (M,) int32, its index in `labels`.
        labels: Distinct labels as found, in order of first appearance.
        delimiter: What cells were found to be split at; None when it is configured or there is
            none.
        cells_unknown: How many cells hold each word for unknown, such as `N/A`.
        none: Text found to mean no labels, such as `No Finding`, which is never beside a label;
            None when it is configured, or a label.
        cells_none: How many cells say so.
    """

    known: np.ndarray
    rows: np.ndarray
    codes: np.ndarray
    labels: list[str]
    delimiter: str | None = None
    cells_unknown: Mapping[str, int] = field(default_factory=dict)
    none: str | None = None
    cells_none: int = 0

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


def read_labels(
    column: pa.ChunkedArray,
    delimiter: str | None,
    none: str | None,
    declared: Collection[str] = (),
) -> LabelCells:
    """The labels of a delimited text column, or of a column of lists.

    Args:
        column: N cells of text or lists.
        delimiter: Between the labels of a text; found in the texts when None.
        none: Text of a cell without labels, besides `[]`.
        declared: Labels that the user lists: such a cell is never taken for unknown.
    """
    if is_list(column):
        return _read_lists(column)
    cells, texts = cell_codes(column)
    counts = Counter[str]()
    numbers = np.bincount(cells[cells >= 0], minlength=len(texts)).tolist()
    for text, number in zip(texts, numbers, strict=True):
        counts[text.strip()] += number
    unknown = unknown_words(counts, {*declared, none or ""})
    labelled = {text: count for text, count in counts.items() if text and text not in unknown}
    sign = delimiter or find_delimiter(labelled, declared)
    token = none_token({t: n for t, n in labelled.items() if t not in declared}, sign)
    no_labels = token if none is None else none
    parsed = [
        None if text.strip() in unknown else split_cell(text, sign, no_labels) for text in texts
    ]
    found = _coded(parsed, cells)
    is_found = delimiter is None and any(sign in text for text in labelled)
    return replace(
        found,
        delimiter=sign if is_found else None,
        cells_unknown={word: counts[word] for word in sorted(unknown)},
        none=token if none is None else None,
        cells_none=counts[token or ""],
    )


def _coded(parsed: Sequence[list[str] | None], cells: np.ndarray) -> LabelCells:
    """The labels of rows whose cells are codes (N,) into parsed ones, -1 for an empty cell."""
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

"""From the cells of a table to the yes, no or unknown of every label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyhead.errors import Fault, nearest
from polyhead.structures import Table, labels_column
from polyhead.tasks.known_labels import known_labels
from polyhead.tasks.labels import spelling_faults, unknown_label_faults
from polyhead.tasks.row_faults import MAX_LISTED, row_faults
from polyhead.tasks.tags.cells import (
    label_column,
    match_columns,
    read_labels,
    read_multi_hot,
)
from polyhead.tasks.task import UNKNOWN
from polyhead.tasks.text_cells import text_column


def encode_columns(
    table: Table, patterns: Sequence[str], classes: Sequence[str]
) -> tuple[np.ndarray, list[Fault]]:
    """(N, L) int8 targets from one column a label, and what is wrong with the cells.

    Args:
        table: N rows.
        patterns: Names of the columns; globs allowed.
        classes: The L labels.
    """
    targets = np.full((len(table), len(classes)), UNKNOWN, np.int8)
    place = {label: i for i, label in enumerate(classes)}
    faults = []
    for column, label in match_columns(patterns, table.columns).items():
        values, wrong_rows, texts = read_multi_hot(text_column(table, column))
        faults += _cell_faults(table, column, wrong_rows, texts)
        if label in place:
            targets[:, place[label]] = values
        else:
            message = (
                f'column "{column}" stands for label "{label}", which `classes` does not '
                f"declare. {nearest(label, classes)} Name the columns wanted."
            )
            faults.append(Fault("E_LABEL_UNKNOWN", table.source, message))
    return targets, faults


def encode_delimited(
    table: Table,
    column: str,
    classes: tuple[str, ...],
    *,
    delimiter: str | None,
    none: str | None,
    is_declared: bool,
) -> tuple[np.ndarray, list[Fault]]:
    """(N, L) int8 targets from one column with the labels of each row, and what is wrong there.

    Args:
        table: N rows.
        column: Its name.
        classes: The L labels.
        delimiter: Between the labels of a cell; found in the cells when None.
        none: Text of a cell without labels, besides `[]`.
        is_declared: Whether the user listed the labels, rather than the table.
    """
    cells = read_labels(label_column(table, column), delimiter, none)
    index = {label: i for i, label in enumerate(classes)}
    places = np.array([index.get(label, -1) for label in cells.labels] or [-1])[cells.codes]
    targets = np.full((len(table), len(classes)), UNKNOWN, np.int8)
    targets[cells.known] = 0
    declared = places >= 0
    targets[cells.rows[declared], places[declared]] = 1
    if labels_column(column) in table.columns:
        looked_for = known_labels(table, column, cells.known, classes)
        targets[~looked_for] = UNKNOWN
    where = f'{table.source} column "{column}"'
    faults = spelling_faults(cells.counts(), where) if not is_declared else []
    odd = np.flatnonzero(~declared)
    labels = [cells.labels[code] for code in cells.codes[odd[:MAX_LISTED]].tolist()]
    faults += unknown_label_faults(table, cells.rows[odd], labels, classes)
    return targets, faults


def _cell_faults(table: Table, column: str, rows: np.ndarray, texts: list[str]) -> list[Fault]:
    """`E_CELL` for each cell that is neither yes, no nor unknown; the last counts the rest."""
    messages = (
        f'column "{column}" holds "{text[:80]}"; expected 1, 0 or an empty cell (unknown); '
        "mend the cell."
        for text in texts
    )
    rest = f'more cells of column "{column}" are no yes or no.'
    return row_faults("E_CELL", table, rows, messages, rest)

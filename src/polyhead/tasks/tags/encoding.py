"""From the cells of a table to the yes, no or unknown of every label."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polyhead.errors import Fault, first_few
from polyhead.table import Table, labels_column
from polyhead.tasks.damaged_labels import damaged_label_faults
from polyhead.tasks.known_labels import known_labels
from polyhead.tasks.labels import (
    LISTED,
    many_labels_fault,
    spelling_faults,
    unknown_cells_fault,
    unknown_label_faults,
)
from polyhead.tasks.row_faults import MAX_LISTED
from polyhead.tasks.tags.tag_cells import LabelCells, is_list, label_column, read_labels
from polyhead.tasks.targets import UNKNOWN

_MAX_SHOWN = 5
_DOUBTFUL = {",": "commas", " ": "spaces"}  # also parts of plain labels


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
    listed = classes if is_declared else ()
    cells = read_labels(label_column(table, column), delimiter, none, listed)
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
    faults = [] if is_declared else _damaged(table, column, cells)
    faults += [*_remarks(cells, where, is_declared=is_declared)]
    odd = np.flatnonzero(~declared)
    labels = [cells.labels[code] for code in cells.codes[odd[:MAX_LISTED]].tolist()]
    faults += unknown_label_faults(table, cells.rows[odd], labels, classes)
    return targets, faults


def _damaged(table: Table, column: str, cells: LabelCells) -> list[Fault]:
    """Faults of labels cut from text; list columns already separate their labels."""
    if is_list(table.column(column)):
        return []
    return damaged_label_faults(table, column, cells.rows, cells.codes, cells.labels)


def _remarks(cells: LabelCells, where: str, *, is_declared: bool) -> Iterator[Fault]:
    """Notes on how ambiguous cells were read."""
    counts = cells.counts()
    if not is_declared:
        yield from spelling_faults(counts, where)
        yield from many_labels_fault([*counts.values()], counts, where, cells.delimiter or "")
    yield from unknown_cells_fault(cells.cells_unknown, where, LISTED)
    if cells.delimiter in _DOUBTFUL:
        names = first_few([f'"{label}"' for label in cells.labels], _MAX_SHOWN)
        message = (
            f"cells are split at {_DOUBTFUL[cells.delimiter]} into {len(counts)} labels: {names}; "
            'where that is part of a label, name the text between labels, as delimiter: "|" '
            "does for cells of one label."
        )
        yield Fault("N_DELIMITER", where, message)
    if cells.none is not None:
        message = (
            f'{cells.cells_none:,} cells "{cells.none}" are read as no labels; where that is a '
            "label, list it with the others under `classes`."
        )
        yield Fault("N_NO_LABELS", where, message)

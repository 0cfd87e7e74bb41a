"""Labels that are pieces of a list or an object, or of text cut in two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyhead.errors import Fault
from polyhead.table import Table
from polyhead.table.label_cells import structured_labels
from polyhead.table.structured_text import is_unbalanced, looks_structured
from polyhead.tasks.labels import MAX_SHOWN
from polyhead.tasks.row_faults import MAX_LISTED, row_faults

_MEND = (
    'mend the cell, or name the text between labels (delimiter: "|"), or list the label under '
    "`classes` if it is spelled so."
)


def damaged_label_faults(
    table: Table, column: str, rows: np.ndarray, codes: np.ndarray, labels: Sequence[str]
) -> list[Fault]:
    """Cells whose labels are damaged, a fault a row.

    Args:
        table: The table of the cells.
        column: Name of the column.
        rows: (M,) row of each label named.
        codes: (M,) its index in `labels`.
        labels: Distinct labels that nobody declared.

    Returns:
        `E_CELL_STRUCTURE` for a cell that looks like a list or an object and is no list of labels,
        `E_LABEL_BRACKET` for a label with a bracket or a quote that lacks its counterpart.
    """
    structured = {k: label for k, label in enumerate(labels) if looks_structured(label)}
    unbalanced = {
        k: label for k, label in enumerate(labels) if k not in structured and is_unbalanced(label)
    }
    faults = []
    for code, found, describe in (
        ("E_CELL_STRUCTURE", structured, _about_structure),
        ("E_LABEL_BRACKET", unbalanced, _about_bracket),
    ):
        if found:
            places = np.flatnonzero(np.isin(codes, list(found)))
            messages = (describe(column, found[k]) for k in codes[places[:MAX_LISTED]].tolist())
            rest = f'more cells of column "{column}" have the same fault.'
            faults += row_faults(code, table, rows[places], messages, rest)
    return faults


def _about_structure(column: str, label: str) -> str:
    return (
        f'the cell of column "{column}" looks like a list and cannot be read as labels: '
        f"{_reason(label)}; mend the cell, empty it where it is unknown, or list it under "
        "`classes` if it is a label as it stands."
    )


def _reason(label: str) -> str:
    try:
        labels = structured_labels(label)
    except ValueError as error:
        return str(error)
    return f"it holds {len(labels)} labels where one is expected; several are type: tags"


def _about_bracket(column: str, label: str) -> str:
    return (
        f'the label "{label[:MAX_SHOWN]}" in column "{column}" has a bracket or a quote without '
        f"its counterpart; expected whole labels; {_MEND}"
    )

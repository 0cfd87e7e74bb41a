"""Faults of the labels of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import numpy as np

from polyhead.errors import Fault, nearest
from polyhead.table import Table, category_ids_of, labels_of, units_of
from polyhead.tasks.boxes.box_cells import BoxCells
from polyhead.tasks.labels import unknown_label_faults
from polyhead.tasks.row_faults import MAX_LISTED, row_faults

_NAMED = 5  # categories in a message


def box_label_faults(
    table: Table, column: str, cells: BoxCells, labels: np.ndarray, classes: tuple[str, ...]
) -> list[Fault]:
    """Faults of the labels of M boxes.

    A COCO or YOLO file lists its categories: declaring some of them as `classes` leaves the other
    ones out on purpose (`W_LABEL_LEFT_OUT`). Anywhere else, or when a declared class is none of
    the file's, a label that is not declared is an error for each box.

    Args:
        table: The table of the boxes.
        column: Of the objects.
        cells: The M boxes.
        labels: (M,) index of the class, -1 where the label is none of them.
        classes: The K classes.

    Returns:
        `E_BOX_LABEL`, `E_LABEL_UNKNOWN` and `W_LABEL_LEFT_OUT`.
    """
    blank, odd = np.flatnonzero(cells.codes < 0), np.flatnonzero((labels < 0) & (cells.codes >= 0))
    faults = _blank_faults(table, cells.rows[blank])
    if not len(odd):
        return faults
    listed = _listed_categories(table, column)
    missing = [label for label in classes if label not in listed]
    if listed and not missing:
        others = [label for label in listed if label not in classes]
        return [*faults, *_left_out(table, len(odd), others)]
    faults += [
        Fault(
            "E_LABEL_UNKNOWN",
            table.source,
            f'class "{label}" is none of the {len(listed)} categories of column "{column}". '
            f"{nearest(label, listed)} Mend `classes`.",
        )
        for label in (missing if listed else ())
    ]
    names = [cells.labels[code] for code in cells.codes[odd[:MAX_LISTED]].tolist()]
    return [*faults, *unknown_label_faults(table, cells.rows[odd], names, classes)]


def _listed_categories(table: Table, column: str) -> list[str]:
    """The categories of a file that lists them by itself, none where they are gathered."""
    field = table.data.schema.field(column)
    lists = category_ids_of(field) is not None or units_of(field) == "fraction"
    return [label.strip() for label in labels_of(field)] if lists else []


def _blank_faults(table: Table, rows: np.ndarray) -> list[Fault]:
    message = "a box has no label; expected one; name it or remove the box."
    return row_faults("E_BOX_LABEL", table, rows, repeat(message), "more boxes have no label.")


def _left_out(table: Table, num_boxes: int, categories: Sequence[str]) -> list[Fault]:
    names = ", ".join(categories[:_NAMED]) + (", …" if len(categories) > _NAMED else "")
    message = (
        f"{num_boxes} boxes are left out, of {len(categories)} of the file's categories that "
        f"`classes` does not declare ({names}); declare them as well, unless that is meant."
    )
    return [Fault("W_LABEL_LEFT_OUT", table.source, message)]

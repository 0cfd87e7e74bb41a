"""From the cells of a table to the class of every image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyhead.errors import Fault, first_few
from polyhead.table import Table
from polyhead.tasks.damaged_labels import damaged_label_faults
from polyhead.tasks.labels import (
    LISTED,
    many_labels_fault,
    spelling_faults,
    unknown_cells_fault,
    unknown_label_faults,
)
from polyhead.tasks.row_faults import MAX_LISTED, row_faults
from polyhead.tasks.single_class.class_cells import class_cells
from polyhead.tasks.single_class.names import DOUBTFUL, ClassNames, name_classes
from polyhead.tasks.targets import UNKNOWN
from polyhead.tasks.yes_no_columns import ValuesConfig, encode_columns

_MAX_SHOWN = 5


def encode_column(
    table: Table, column: str, classes: Sequence[str], *, is_declared: bool
) -> tuple[np.ndarray, list[Fault]]:
    """(N,) int32 index of the class, -1 unknown, from one column; and what is wrong there.

    Args:
        table: N rows.
        column: Its name.
        classes: The K classes.
        is_declared: Whether the user listed the classes, rather than the table.
    """
    codes, texts = class_cells(table, column)
    found = name_classes(texts, classes if is_declared else ())
    index: dict[str | None, int] = {label: i for i, label in enumerate(classes)}
    names = [found.of[text] for text in texts]
    targets = np.array([*(index.get(name, UNKNOWN) for name in names), UNKNOWN], np.int32)[codes]
    odd = np.array([*(name is not None and name not in index for name in names), False])
    rows = np.flatnonzero(odd[codes])
    labels = [texts[code].strip() for code in codes[rows[:MAX_LISTED]].tolist()]
    faults = unknown_label_faults(table, rows, labels, classes)
    numbers = np.bincount(codes[codes >= 0], minlength=len(texts)).tolist()
    counts = dict(zip(texts, numbers, strict=True))
    where = f'{table.source} column "{column}"'
    if not is_declared:
        known = np.flatnonzero(codes >= 0)
        faults += damaged_label_faults(table, column, known, codes[known], texts)
        positives = np.bincount(targets[targets >= 0], minlength=len(classes)).tolist()
        faults += spelling_faults(dict(zip(classes, positives, strict=True)), where)
        faults += many_labels_fault(positives, texts, where)
        faults += _doubtful({t: n for t, n in counts.items() if found.of[t] is not None}, where)
    unknown = {text: counts[text] for text in found.unknown}
    faults += unknown_cells_fault(unknown, where, LISTED)
    return targets, [*faults, *_number_faults(found, where)]


def encode_one_hot(
    table: Table, patterns: Sequence[str], classes: Sequence[str], values: ValuesConfig | None
) -> tuple[np.ndarray, list[Fault]]:
    """(N,) int32 index of the one column that says yes, -1 unknown; and what is wrong.

    A row that says yes in several columns, or no in all, is an error (`E_ONE_HOT`). One without a
    yes is unknown where some column is unknown.

    Args:
        table: N rows.
        patterns: Names of the columns; globs allowed.
        classes: The K classes.
        values: What cells say, where the user names it.
    """
    cells, faults = encode_columns(table, patterns, classes, values)
    num_yes = (cells == 1).sum(1)
    targets = np.where(num_yes == 1, (cells == 1).argmax(1), UNKNOWN).astype(np.int32)
    rows = np.flatnonzero((num_yes > 1) | (cells == 0).all(1))
    messages = (f"{_said(cells[row], classes)}; {_EXPECTED}" for row in rows)
    faults += row_faults("E_ONE_HOT", table, rows, messages, "more rows say no or several classes.")
    return targets, faults


_EXPECTED = (
    "expected yes in exactly one of the task's `columns`; mend the row, or write type: tags where "
    "images have any number of these labels."
)


def _said(cells: np.ndarray, classes: Sequence[str]) -> str:
    names = [f'"{classes[index]}"' for index in np.flatnonzero(cells == 1).tolist()]
    if not names:
        return f"the row says no to all {len(classes)} classes"
    return f"the row says yes to {first_few(names, _MAX_SHOWN)}"


def _doubtful(counts: dict[str, int], where: str) -> list[Fault]:
    """A note on classes whose names may also mean unknown."""
    found = {t.strip(): n for t, n in counts.items() if t.strip().casefold() in DOUBTFUL and n}
    return [
        Fault(
            "N_CLASS_UNKNOWN",
            where,
            f'{count:,} cells "{text}" are read as a class of its own; empty such cells if they '
            "mean unknown, or list the classes under `classes` if not.",
        )
        for text, count in found.items()
    ]


def _number_faults(found: ClassNames, where: str) -> list[Fault]:
    faults = []
    if found.respelled:
        pairs = [f'"{text}" as "{name}"' for text, name in found.respelled.items()]
        message = (
            f"equal numbers are one class: {first_few(pairs, _MAX_SHOWN)}; if they are codes that "
            "differ, write them as text, such as v1.0."
        )
        faults.append(Fault("N_EQUAL_NUMBERS", where, message))
    if found.apart:
        groups = [" and ".join(f'"{text}"' for text in group) for group in found.apart]
        message = (
            f"equal numbers are classes of their own, as leading zeros make them codes: "
            f"{first_few(groups, _MAX_SHOWN)}; write one spelling if they are one class, or list "
            "the classes under `classes`."
        )
        faults.append(Fault("W_EQUAL_NUMBERS", where, message))
    return faults

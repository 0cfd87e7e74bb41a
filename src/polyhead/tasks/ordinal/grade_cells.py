"""From the cells of a table to the grade of every image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyhead.errors import DataError, Fault, first_few
from polyhead.table import Table
from polyhead.table.cell_words import has_leading_zeros, plain_number
from polyhead.tasks.labels import LISTED, unknown_cells_fault
from polyhead.tasks.row_faults import MAX_LISTED, row_faults
from polyhead.tasks.single_class.class_cells import class_cells
from polyhead.tasks.single_class.names import ClassNames, name_classes
from polyhead.tasks.targets import UNKNOWN

MAX_FOUND = 20  # different whole numbers; more are amounts
MAX_SHOWN = 20
MISSING = -1  # below 0, 1, 2, … it may also mean unknown


def find_grades(table: Table, column: str) -> tuple[str, ...]:
    """The grades of a column of whole numbers, by value.

    Cells that are no whole numbers are no grades, as long as they are fewer.

    Raises:
        ConfigError: No such column; names the nearest.
        DataError: The order is not plain, or the numbers are no grades.
    """
    codes, texts = class_cells(table, column)
    found = name_classes(texts)
    values = {name: value for name in found.classes if (value := whole_number(name)) is not None}
    problem = _problem(found, values, np.bincount(codes[codes >= 0], minlength=len(texts)), texts)
    if problem:
        raise DataError(f'{table.source} column "{column}" {problem}')
    if any(map(has_leading_zeros, values)):
        return tuple(sorted(values, key=lambda name: values[name]))  # 01, 02 as they are written
    return tuple(map(str, sorted(values.values())))


def encode_grades(
    table: Table, column: str, classes: Sequence[str]
) -> tuple[np.ndarray, list[Fault]]:
    """(N,) int32 index of the grade, -1 unknown, and what is wrong in the column.

    Args:
        table: N rows.
        column: Its name.
        classes: The K grades, the lowest first.
    """
    codes, texts = class_cells(table, column)
    found = name_classes(texts, classes)
    index: dict[str | None, int] = {grade: k for k, grade in enumerate(classes)}
    names = [found.of[text] for text in texts]
    targets = np.array([*(index.get(name, UNKNOWN) for name in names), UNKNOWN], np.int32)[codes]
    odd = np.array([*(name is not None and name not in index for name in names), False])
    rows = np.flatnonzero(odd[codes])
    expected = (
        f"expected one of the grades {first_few(classes, MAX_SHOWN)}, or an empty cell where the "
        "grade is unknown; mend the cell, or list all grades in their order under `classes`."
    )
    messages = (f'found "{texts[code].strip()}"; {expected}' for code in codes[rows[:MAX_LISTED]])
    faults = row_faults("E_LABEL_UNKNOWN", table, rows, messages, "more cells hold no grade.")
    counts = np.bincount(codes[codes >= 0], minlength=len(texts)).tolist()
    unknown = {text: counts[texts.index(text)] for text in found.unknown}
    where = f'{table.source} column "{column}"'
    return targets, [*faults, *unknown_cells_fault(unknown, where, LISTED)]


def gap_faults(classes: Sequence[str], where: str) -> list[Fault]:
    """`W_NO_POSITIVES` where whole numbers are left out between the grades of a table.

    Args:
        classes: Found in the table, the lowest first.
        where: File and column, as messages name them.
    """
    values = [int(float(grade)) for grade in classes]
    steps = np.diff(values)
    if not len(steps) or (steps == steps[0]).all():
        return []
    absent = sorted(set(range(values[0], values[-1])) - set(values))
    message = (
        f"the grades {first_few(classes, MAX_SHOWN)} count as one step apart each, as no row has "
        f"{first_few([str(value) for value in absent], 5)}; list all grades in their order under "
        "`classes` if some are absent by chance, or empty the cells whose number means unknown."
    )
    return [Fault("W_NO_POSITIVES", where, message)]


def whole_number(text: str) -> int | None:
    """The value of a whole number, be it written `2.0`; else None."""
    value = plain_number(text)
    return int(value) if value is not None and value.is_integer() else None


def _problem(
    found: ClassNames, values: dict[str, int], counts: np.ndarray, texts: Sequence[str]
) -> str:
    """Why the cells of a column are no grades in a plain order; empty where they are."""
    others = [name for name in found.classes if name not in values]
    rows = dict(zip(texts, counts.tolist(), strict=True))
    num_others = sum(rows[text] for text, name in found.of.items() if name in others)
    num_whole = sum(rows[text] for text, name in found.of.items() if name in values)
    if others and (num_others > num_whole or len(values) < 2):
        shown = first_few([f'"{name}"' for name in others], MAX_SHOWN)
        return (
            f"holds {shown}; expected whole numbers, whose order is plain; list the grades under "
            "`classes`, the lowest first, such as classes: [low, medium, high]."
        )
    if len(values) < 2:
        return (
            f"holds {len(values)} different grades; expected at least 2; declare `classes` or "
            "mend the column."
        )
    if len(set(values.values())) < len(values):
        equal = [name for name, v in values.items() if list(values.values()).count(v) > 1]
        shown = " and ".join(f'"{name}"' for name in equal[:2])
        return f"holds {shown}, which are one number; write it in one way, or list `classes`."
    ordered = sorted(values.values())
    if ordered[0] == MISSING and ordered[1] >= 0:
        return (
            f'holds "{MISSING}" below grades from {ordered[1]} on, which may be the lowest grade '
            "or mean unknown; empty such cells, or list all grades under `classes`."
        )
    if len(values) > MAX_FOUND:
        return (
            f"holds {len(values):,} different whole numbers; expected at most {MAX_FOUND} grades; "
            "write type: number for amounts, or list the grades under `classes`."
        )
    return ""

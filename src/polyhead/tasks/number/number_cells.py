"""Cells of a number task: what they say, and which of them are odd."""

from __future__ import annotations

import math
import re

import numpy as np

from polyhead.errors import Fault
from polyhead.table import Table

LARGEST = 1e30  # its square still fits where losses are computed
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?P<mark>[,.'’\s])\d{3}(?:(?P=mark)\d{3})*(?:[.,]\d+)?")
_FAR = 50.0  # interquartile ranges from the middle half: another unit, or a slip of the pen
_MAX_OUTLIERS = 20


def is_ambiguous(text: str) -> bool:
    """Whether a comma may stand before decimals or between thousands.

    >>> is_ambiguous("1,234"), is_ambiguous("1,23"), is_ambiguous("0,123")
    (True, False, False)
    """
    return _THOUSANDS.fullmatch(text) is not None


def parse_number(text: str) -> float:
    """The value of a cell; NaN when it is no number, or when nobody can tell which.

    >>> parse_number(" 3,5 "), parse_number("1e3"), parse_number("1,234"), parse_number("many")
    (3.5, 1000.0, nan, nan)
    """
    text = text.strip()
    if "_" in text or is_ambiguous(text):
        return math.nan
    try:
        return float(text.replace(",", ".", 1))
    except ValueError:
        return math.nan


def misreading(text: str) -> str | None:
    """Why a cell holds no number; None when it holds one or is blank."""
    text = text.strip()
    if not text or abs(parse_number(text)) <= LARGEST:
        return None
    found = f'found "{text[:80]}"'
    if is_ambiguous(text):
        readings = f"{text.replace(',', '.')} or {text.replace(',', '')}"
        return f"{found}, which may be {readings}; expected no comma; write the one that is meant"
    if _GROUPED.fullmatch(text):
        return f"{found}; expected a number without marks between thousands; write 1234.5"
    return (
        f"{found}; expected a number between -{LARGEST:g} and {LARGEST:g}, or an empty cell "
        "(unknown); mend the cell"
    )


def outlier_faults(table: Table, column: str, targets: np.ndarray) -> list[Fault]:
    """`W_NUMBER_OUTLIER` for numbers so far out that their unit may be another.

    Args:
        table: Names the rows.
        column: Where the numbers stand.
        targets: (N,) numbers, NaN unknown.
    """
    if np.isnan(targets).all():
        return []
    lower, upper = np.nanquantile(targets, [0.25, 0.75])
    reach = _FAR * (upper - lower)
    if reach == 0:  # half of the cells are equal: any other would be far out
        return []
    rows = np.flatnonzero((targets < lower - reach) | (targets > upper + reach))
    faults = [
        Fault(
            "W_NUMBER_OUTLIER",
            table.where(row),
            f'column "{column}" holds {targets[row]:g}, while half of it lies between {lower:g} '
            f"and {upper:g}; expected one unit; look at the cell.",
            row,
        )
        for row in rows[:_MAX_OUTLIERS].tolist()
    ]
    if len(rows) > _MAX_OUTLIERS:
        rest = f'column "{column}" holds {len(rows) - _MAX_OUTLIERS} more numbers as far out.'
        faults.append(Fault("W_NUMBER_OUTLIER", table.source, rest))
    return faults

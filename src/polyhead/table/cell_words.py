"""Words and numbers in text cells that mean the same whatever the column is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

# What pandas reads as missing, and the strokes that people write.
_UNKNOWN_WORDS = frozenset(
    [
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-NaN",
        "-nan",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "NaT",
        "None",
        "Null",
        "n/a",
        "na",
        "nan",
        "null",
        "NAN",
        "N/a",
        "N.A.",
        "n.a.",
        "<null>",
        "(null)",
        "#NULL!",
        "-",
        "--",
        "---",
        "–",
        "—",
    ]
)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_LEADING_ZEROS = re.compile(r"[+-]?0\d.*")


def is_unknown_word(text: str) -> bool:
    """Whether a cell is what programs write for a missing value, or a stroke.

    `none` in small letters is not among them: people write it for "no labels" and as a class.
    Source: `na_values` of pandas' `read_csv`.

    >>> [word for word in ("N/A", "nan", "None", "none", "-", "unknown") if is_unknown_word(word)]
    ['N/A', 'nan', 'None', '-']
    """
    return text.strip() in _UNKNOWN_WORDS


def unknown_words(texts: Iterable[str], known: Collection[str] = ()) -> frozenset[str]:
    """The cells that mean unknown, where others beside them have a value.

    A `-` beside `+` is an answer.

    Args:
        texts: Different cells of a column.
        known: Words that the user declares to be labels.
    """
    cells = {text.strip() for text in texts if text.strip()}
    found = frozenset(cell for cell in cells if is_unknown_word(cell)) - set(known)
    if "+" in cells:
        found -= {"-"}
    return found if found < cells else frozenset()


def plain_number(text: str) -> float | None:
    """The value of a cell that is a number, with a decimal point or comma; else None.

    None too where a comma may separate thousands (`1,234`).

    >>> plain_number("1.0"), plain_number(" -1 "), plain_number("0,5"), plain_number("1,234")
    (1.0, -1.0, 0.5, None)
    """
    text = text.strip()
    if not text.isascii() or not _NUMBER.fullmatch(text) or _THOUSANDS.fullmatch(text):
        return None
    return float(text.replace(",", ".")) + 0.0  # -0 is 0


def has_leading_zeros(text: str) -> bool:
    """Whether a number is written as codes are: `007`, `01`, `00`, but not `0.7`."""
    return _LEADING_ZEROS.fullmatch(text.strip()) is not None

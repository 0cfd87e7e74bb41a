"""Kinds of cells: numbers, dates, image files, web addresses, parts of a split."""

from __future__ import annotations

import re
from collections.abc import Iterable

from polyhead.data import SplitKeys, SplitPlan, split_rows
from polyhead.errors import DataError

_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:[.,][0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_A_NUMBER = ("nan", "inf", "-inf")
_DATE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))"
    r"(?:[T ]\d{1,2}:\d{2}\S*)?"
)
_ADDRESS = re.compile(r"(?:https?|s3|gs|ftp)://\S+")
_IMAGE = re.compile(r"(?i).+\.(?:jpe?g|png|webp|bmp|gif|tiff?|npy)")
_NESTED = re.compile(r"(?s)(?:\{.*\}|\[\s*[\[{].*[\]}]\s*\])")
# 8 spellings of train, val and test are known, in a few ways of writing capitals.
_MAX_PART_SPELLINGS = 24


def are_numbers(texts: Iterable[str]) -> bool:
    """Whether every cell is a number; zero-padded ones (`012`) are codes, not numbers."""
    texts = [text for text in texts if text.casefold() not in _NOT_A_NUMBER]
    return bool(texts) and all(_NUMBER.fullmatch(text) for text in texts)


def number(text: str) -> float:
    """The value of a cell of `are_numbers`, which may have a decimal comma."""
    return float(text.replace(",", "."))


def are_dates(texts: Iterable[str]) -> bool:
    """Whether every cell is a calendar date, with or without a time."""
    return all(_DATE.fullmatch(text) for text in texts)


def are_addresses(texts: Iterable[str]) -> bool:
    """Whether every cell is a web address."""
    return all(_ADDRESS.fullmatch(text) for text in texts)


def are_images(texts: Iterable[str]) -> bool:
    """Whether every cell ends like the name of an image or array file."""
    return all(_IMAGE.fullmatch(text) for text in texts)


def are_nested(texts: Iterable[str]) -> bool:
    """Whether every cell is a JSON object, a list of lists or objects, or an empty list."""
    texts = [text for text in texts if text != "[]"]
    return bool(texts) and all(_NESTED.fullmatch(text) for text in texts)


def split_parts(texts: Iterable[str]) -> frozenset[str]:
    """The parts of a split that the cells name; empty when they are no split."""
    cells = list(texts)
    if not 2 <= len(cells) <= _MAX_PART_SPELLINGS:
        return frozenset()
    try:
        parts = split_rows(cells, SplitPlan("column"), SplitKeys(column=cells))
    except DataError:  # a cell that names no part
        return frozenset()
    return frozenset(parts.tolist())

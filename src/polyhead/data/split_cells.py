"""Parts of the split from the cells of a column: words, numbers, or yes and no."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.table.split_spellings import PARTS, part_of
from polyhead.table.yes_no_cells import UNKNOWN, are_answers, read_answers

NO_PART = -1
# Names of columns that share out rows, whatever their cells.
SPLIT_NAME = re.compile(
    r"(?i)(?:data|eval(?:uation)?|train[_ -]?(?:val[_ -]?)?test)?[_ -]?"
    r"(?:split|subset|partition|set|splits)(?:[_ -]?(?:id|name|type|no))?"
)
FOLD_NAME = re.compile(r"(?i)(?:k|cv|kfold|cross[_ -]?val\w*|stratified)?[_ -]?folds?(?:[_ -]?id)?")
_PREFIXES, _SUFFIXES = frozenset(("is", "in", "for")), frozenset(("image", "set", "row", "sample"))
_MAX_CELLS = 127


def flag_part(name: str) -> str | None:
    """The part that a yes/no column asks for: `is_valid`, `isTest`, `is_training_image`.

    >>> flag_part("is_valid"), flag_part("IsTest"), flag_part("valid")
    ('val', 'test', None)
    """
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
    if len(words) < 2 or words[0].casefold() not in _PREFIXES:
        return None
    rest = [word for word in words[1:] if word.casefold() not in _SUFFIXES]
    return part_of(rest[0]) if len(rest) == 1 else None


def read_words(cells: Iterable[str]) -> dict[str, str | None]:
    """Cell to the part that it names, None for any other."""
    return {cell: part_of(cell) for cell in cells}


def read_numbers(counts: Mapping[str, int]) -> dict[str, str] | None:
    """0, 1, 2 as train, val, test, as CelebA has it; None when that is not certain.

    Args:
        counts: Rows of each different cell. Certain are all three numbers, with most rows in train.
    """
    numbers = {_whole(cell): cell for cell in counts}
    if set(numbers) != {0, 1, 2} or len(numbers) < len(counts):
        return None
    if max(counts, key=lambda cell: counts[cell]) != numbers[0]:
        return None
    return {numbers[place]: part for place, part in enumerate(PARTS)}


def read_flags(flags: Mapping[str, np.ndarray]) -> np.ndarray:
    """The part of each row by yes/no columns.

    Where no column says yes, the row is of the part that no column asks for: train, else test,
    else val. Rows with yes twice, or with unknown cells and no yes, have no part.

    Args:
        flags: Part to (N,) int8: 1 yes, 0 no, −1 unknown.

    Returns:
        (N,) int8 place in `PARTS`, −1 for none.
    """
    answers = np.stack(list(flags.values()))
    rest = next((p for p in ("train", "test", "val") if p not in flags), None)
    left = NO_PART if rest is None else PARTS.index(rest)
    found = np.where((answers == 0).all(0), left, NO_PART)
    places = np.array([PARTS.index(part) for part in flags])
    once = (answers == 1).sum(0) == 1
    return np.where(once, places[answers.argmax(0)], found).astype(np.int8)


def yes_no(cells: pa.ChunkedArray) -> np.ndarray | None:
    """(N,) int8 answers; None unless all known cells are words for yes and no."""
    counts = few_cells(cells)
    if not counts or not are_answers(counts):
        return None
    meanings = read_answers(counts).of
    return lookup(cells, {t: UNKNOWN if m is None else m for t, m in meanings.items()})


def few_cells(cells: pa.ChunkedArray) -> dict[str, int]:
    """Rows of each different known cell of a text column; empty for others, and for many cells."""
    if not (pa.types.is_dictionary(cells.type) or pa.types.is_string(cells.type)):
        return {}
    if pa.types.is_string(cells.type) and len(cells.slice(0, 1000).unique()) > _MAX_CELLS:
        return {}
    counted = call_function("value_counts", [cells.cast(pa.string())]).to_pylist()
    counts = {item["values"]: item["counts"] for item in counted if item["values"] is not None}
    return counts if len(counts) <= _MAX_CELLS else {}


def lookup(cells: pa.ChunkedArray, values: Mapping[str, int]) -> np.ndarray:
    """(N,) int8: the value of each cell, −1 for unknown cells and those without one."""
    encoded = cells.cast(pa.string()).combine_chunks().dictionary_encode()
    by_code = np.array([values.get(t, -1) for t in encoded.dictionary.to_pylist()] + [-1], np.int8)
    return by_code[encoded.indices.fill_null(len(by_code) - 1).to_numpy(zero_copy_only=False)]


def places(cells: pa.ChunkedArray, parts: Mapping[str, str | None]) -> np.ndarray:
    """(N,) int8 place in `PARTS` by the part of each cell, −1 for none."""
    return lookup(cells, {cell: PARTS.index(part) for cell, part in parts.items() if part})


def listed_parts(parts: Mapping[str, Sequence[str]], cells: Iterable[str]) -> dict[str, str]:
    """Cell to part as the user lists them; where `train` is not listed it has the rest.

    Args:
        parts: Part to cells.
        cells: The cells of the column.
    """
    found = {cell: part for part, listed in parts.items() for cell in listed}
    if "train" not in parts:
        found = dict.fromkeys(cells, "train") | found
    return found


def _whole(cell: str) -> int | None:
    match = re.fullmatch(r"\s*(\d+)(?:\.0*)?\s*", cell)
    return int(match.group(1)) if match else None

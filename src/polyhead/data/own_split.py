"""The user's own split, wherever the data hold it: columns, lists, folders, annotation files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from polyhead.data.split_cells import (
    NO_PART,
    SPLIT_NAME,
    few_cells,
    flag_part,
    listed_parts,
    places,
    read_flags,
    read_numbers,
    read_words,
    yes_no,
)
from polyhead.errors import DataError, Fault, first_few
from polyhead.table import IMAGE, Table
from polyhead.table.split_spellings import PARTS, parts_by_folder
from polyhead.table.table import SPLIT_SOURCE

TRAIN = PARTS.index("train")
SPLIT_AGAIN = "split: {method: stratified} splits the rows again"


@dataclass(frozen=True)
class Claim:
    """The parts that one place names.

    Attributes:
        place: In words: `the column "is_valid"`, `the folders "train" and "test"`.
        parts: (N,) int8 place in `PARTS`, −1 where it names none.
        columns: The columns that it is read from; none for folders and files.
        is_list: Whether rows that it does not name are train rows, as with lists and folders; the
            empty cell of a column is a gap.
    """

    place: str
    parts: np.ndarray
    columns: tuple[str, ...] = ()
    is_list: bool = False


@dataclass(frozen=True)
class OwnSplit:
    """The user's own parts.

    Attributes:
        parts: (N,) of `PARTS`.
        basis: Where they come from, in words.
        column: The one column that they come from, where there is one.
        faults: `W_SPLIT_REST`: rows that no list names.
    """

    parts: np.ndarray
    basis: str
    column: str | None
    faults: tuple[Fault, ...] = ()


def find_own_split(table: Table, without: Collection[str] = ()) -> OwnSplit | None:
    """The split that the data hold, or None where they hold none.

    Args:
        table: N rows.
        without: Columns that a task is learnt from.

    Raises:
        DataError: `E_SPLIT_CONFLICT`: two places contradict each other; `E_SPLIT_VALUE`: a column
            that shares out the rows has gaps or cells that can mean two things.
    """
    claims = split_claims(table, without)
    if not claims:
        return None
    parts = _combined(table, claims)
    faults = []
    rest = np.flatnonzero(parts == NO_PART)
    if len(rest):
        if not all(claim.is_list for claim in claims):
            raise _gaps(table, claims, rest)
        message = (
            f"{len(rest)} of {len(table)} rows, such as {table.image(int(rest[0]))}, are in no "
            f"part by {_places(claims)}: they train."
        )
        faults.append(Fault("W_SPLIT_REST", table.source, message))
        parts[rest] = TRAIN
    if not (parts == TRAIN).any():
        message = (
            f"no row trains by {_places(claims)}; expected some; add such rows, or {SPLIT_AGAIN}."
        )
        raise _refusal("E_SPLIT_VALUE", table.source, message)
    alone = claims[0].columns if len(claims) == 1 and len(claims[0].columns) == 1 else (None,)
    return OwnSplit(np.array(PARTS)[parts], _places(claims), alone[0], tuple(faults))


def named_split(table: Table, column: str, parts: Mapping[str, Sequence[str]]) -> list[str | None]:
    """The parts by the column that the user names: `train`, `val`, `test`; other cells as written.

    Args:
        table: N rows.
        column: Its cells are words, 0, 1, 2, or yes and no where its name asks for a part.
        parts: Part to cells, where the user lists them.

    Raises:
        ConfigError: There is no such column.
        DataError: `E_SPLIT_VALUE`: numbers that can mean two things.
    """
    cells = table.column(column)
    counts = few_cells(cells)
    if parts:
        found = places(cells, listed_parts(parts, counts))
    elif (asked := flag_part(column)) and (answers := yes_no(cells)) is not None:
        found = read_flags({asked: answers})
    else:
        found = places(cells, read_numbers(counts) or read_words(counts))
    written = cells.cast(pa.string()).to_pylist()
    return [
        PARTS[part] if part != NO_PART else cell
        for part, cell in zip(found.tolist(), written, strict=True)
    ]


def split_claims(table: Table, without: Collection[str] = ()) -> list[Claim]:
    """Everything that names at least two parts; what folders repeat of a column counts once.

    Raises:
        DataError: `E_SPLIT_VALUE`: as `find_own_split`.
    """
    claims = [*_flags(table, without), *_columns(table, without)]
    names = table.data.column(IMAGE).to_pylist()
    folders = parts_by_folder([name.replace("\\", "/") for name in names])
    if folders is not None:
        parts = _as_places(folders)
        claims = [c for c in claims if not (c.is_list and np.array_equal(c.parts, parts))]
        claims.append(Claim("the names of folders", parts, is_list=True))
    claims += _files(table)
    return claims


def _columns(table: Table, without: Collection[str]) -> Iterator[Claim]:
    for name in table.columns:
        counts = {} if name in without else few_cells(table.column(name))
        if not counts:
            continue
        lists = (table.data.schema.field(name).metadata or {}).get(SPLIT_SOURCE)
        place = f'the column "{name}"' if lists is None else lists.decode()
        found = read_words(counts)
        if SPLIT_NAME.fullmatch(name):
            found = read_numbers(counts) or found
            if any(found.values()) and not all(found.values()):
                raise _unclear(table, name, found)
        if all(found.values()) and len(set(found.values())) > 1:
            parts = places(table.column(name), found)
            yield Claim(place, parts, (name,), is_list=lists is not None)


def _flags(table: Table, without: Collection[str]) -> Iterator[Claim]:
    """One claim of all yes/no columns such as `is_valid` and `is_test`."""
    flags: dict[str, np.ndarray] = {}
    columns: list[str] = []
    for name in table.columns:
        part = None if name in without else flag_part(name)
        answers = None if part is None else yes_no(table.column(name))
        if part is None or answers is None or part in flags or len(set(answers.tolist())) < 2:
            continue
        if part != "train" and 2 * int((answers == 1).sum()) > len(answers):
            message = (
                f'column "{name}" says yes in most rows, so that it may mean something else than '
                f"the {part} part; write split: {{column: {name}}} if it is the split, or "
                f"{{method: stratified}} to split the rows again."
            )
            raise _refusal("E_SPLIT_VALUE", table.source, message)
        flags[part] = answers
        columns.append(name)
    if flags:
        quoted = " and ".join(f'"{name}"' for name in columns)
        place = f"the column{'s' * (len(columns) > 1)} {quoted}"
        yield Claim(place, read_flags(flags), tuple(columns))


def _files(table: Table) -> Iterator[Claim]:
    """By the names of the annotation files, where each image is in those of one part only."""
    named = [origin for origin in table.origins if origin.part is not None]
    if len({origin.part for origin in named}) < 2:
        return
    parts = np.full(len(table), NO_PART, np.int8)
    for origin in named:
        place, there = PARTS.index(origin.part or ""), origin.lines >= 0
        twice = np.flatnonzero(there & (parts != NO_PART) & (parts != place))
        if len(twice):
            row = int(twice[0])
            message = (
                f"{len(twice)} images, such as {table.where(row)}, are in the annotation files "
                f"of several parts; leave each in one, or {SPLIT_AGAIN}."
            )
            raise _refusal("E_SPLIT_CONFLICT", table.source, message)
        parts[there] = place
    sources = first_few([origin.source for origin in named], 4)
    yield Claim(f"the annotation files {sources}", parts, is_list=True)


def _combined(table: Table, claims: Sequence[Claim]) -> np.ndarray:
    """One part a row.

    Train is weak evidence from a place that never names the part of another: a column `is_valid`
    that says no within the folder `test` does not contradict it.
    """
    parts, named = claims[0].parts.copy(), set(np.unique(claims[0].parts).tolist())
    for number, claim in enumerate(claims[1:], 1):
        names = set(np.unique(claim.parts).tolist())
        weak_here = (parts == TRAIN) & ~np.isin(claim.parts, list(named))
        weak_there = (claim.parts == TRAIN) & ~np.isin(parts, list(names))
        other = (parts == NO_PART) | (weak_here & (claim.parts != NO_PART))
        clash = (parts != claim.parts) & ~other & ~weak_there & (claim.parts != NO_PART)
        rows = np.flatnonzero(clash)
        if len(rows):
            raise _conflict(table, claims, number, (parts, rows))
        parts = np.where(other, claim.parts, parts)
        named |= names
    return parts


def _conflict(
    table: Table, claims: Sequence[Claim], number: int, found: tuple[np.ndarray, np.ndarray]
) -> DataError:
    parts, rows = found
    row, claim = int(rows[0]), claims[number]
    columns = [name for each in claims for name in each.columns]
    choose = "".join(
        f"write split: {{column: {name}}} for that column, or " for name in columns[:2]
    )
    message = (
        f"{len(rows)} rows, such as {table.where(row)}, are in {PARTS[parts[row]]} by "
        f"{_places(claims[:number])} and in {PARTS[claim.parts[row]]} by {claim.place}; expected "
        f"one answer; mend one of them, {choose}{SPLIT_AGAIN}."
    )
    return _refusal("E_SPLIT_CONFLICT", table.source, message)


def _gaps(table: Table, claims: Sequence[Claim], rows: np.ndarray) -> DataError:
    column = next(claim for claim in claims if not claim.is_list)
    message = (
        f"{len(rows)} of {len(table)} rows, such as {table.where(int(rows[0]))}, have no part by "
        f"{_places(claims)}; expected train, val or test; fill {column.place}, or {SPLIT_AGAIN}."
    )
    return _refusal("E_SPLIT_VALUE", table.source, message)


def _unclear(table: Table, name: str, found: Mapping[str, str | None]) -> DataError:
    unread = first_few([f'"{cell}"' for cell, part in found.items() if part is None], 5)
    message = (
        f'column "{name}" shares out the rows, but {unread} is none of train, val and test; list '
        f"what its cells mean (split: {{column: {name}, parts: {{val: [...], test: [...]}}}}; the "
        f"rest trains), or {SPLIT_AGAIN}."
    )
    return _refusal("E_SPLIT_VALUE", table.source, message)


def _refusal(code: str, where: str, message: str) -> DataError:
    return DataError(f"{where}: {message}", [Fault(code, where, message)])


def _places(claims: Sequence[Claim]) -> str:
    return " and ".join(dict.fromkeys(claim.place for claim in claims))


def _as_places(parts: Sequence[str | None]) -> np.ndarray:
    codes = {part: place for place, part in enumerate(PARTS)}
    return np.array([codes.get(part or "", NO_PART) for part in parts], np.int8)

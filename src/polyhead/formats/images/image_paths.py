"""Where the pictures of a table lie: the folder that names start at, the files they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow.compute import MatchSubstringOptions, call_function

from polyhead.errors import Fault
from polyhead.formats.faults import row_faults
from polyhead.formats.images.image_names import have_image_suffix
from polyhead.formats.images.meant_files import MeantFiles, is_same_name
from polyhead.structures import IMAGE, Table
from polyhead.structures.named_files import is_file, named_file

_SAMPLE_ROWS = 200


def choose_root(names: pa.ChunkedArray, candidates: Sequence[Path]) -> Path:
    """The folder under which most of 200 names, spread over the table, are found.

    A table may write `images/a.jpg` or `a.jpg` for the same file. On a draw, the first candidate.
    """
    sample = sample_names(names)
    found = {root: sum(is_file(named_file(root, name)) for name in sample) for root in candidates}
    return max(found, key=lambda root: found[root])


def sample_names(names: pa.ChunkedArray) -> list[str]:
    """At most 200 names, spread over the table, without the blank ones."""
    rows = np.unique(np.linspace(0, max(len(names) - 1, 0), _SAMPLE_ROWS).astype(int))
    return [name for name in names.take(pa.array(rows)).to_pylist() if name]


def match_files(table: Table) -> Table:
    """Replace names that no file has by the file that they mean.

    A name without suffix (`abc123`) means the one picture with that stem (`abc123.jpg`), in any
    folder where no other is called so; a name in one Unicode form means the file whose name is the
    same in another (NFC, NFD), and one with backslashes, as Windows has them, the file with
    slashes. The folder is listed only when the table holds such names. Names that mean no file stay
    as they are.

    Returns:
        The table, with `E_IMAGE_AMBIGUOUS` for a name that several pictures could mean, and one
        `N_IMAGE_NAMES` that says what was read as what.
    """
    names = table.data.column(IMAGE)
    ascii_only = call_function("string_is_ascii", [names]).to_numpy()
    plain = have_image_suffix(names) & ascii_only & ~_have_backslash(names)
    rows = np.flatnonzero(~plain & ~_blank(names))
    if not len(rows) or not table.root.is_dir():
        return table
    files = MeantFiles(table.root)
    written = dict(zip(rows.tolist(), names.take(pa.array(rows)).to_pylist(), strict=True))
    meant = {row: files.of(name) for row, name in written.items()}
    ambiguous = [row for row, found in meant.items() if len(found) > 1]
    renamed = {row: found[0] for row, found in meant.items() if len(found) == 1}
    faults = row_faults(table, "E_IMAGE_AMBIGUOUS", ambiguous, lambda row: _choices(meant[row]))
    faults += _told(table, {r: (written[r], name) for r, name in renamed.items()})
    data = with_names(table.data, renamed)
    return replace(table, data=data, faults=(*table.faults, *faults))


def _told(table: Table, pairs: Mapping[int, tuple[str, str]]) -> list[Fault]:
    """`N_IMAGE_NAMES` on names that are read as files called otherwise."""
    other = [pair for pair in pairs.values() if not is_same_name(*pair)]
    if not other:
        return []
    name, file = other[0]
    message = (
        f"{len(other):,} names without suffix or folder are read as the file that they mean, such "
        f'as "{name}" as "{file}".'
    )
    return [Fault("N_IMAGE_NAMES", table.source, message)]


def missing_names(table: Table) -> list[Fault]:
    """`E_IMAGE_MISSING_NAME` for each row whose image cell is blank."""
    rows = np.flatnonzero(_blank(table.data.column(IMAGE)))
    message = "the row names no picture; fill the cell or remove the row."
    return row_faults(table, "E_IMAGE_MISSING_NAME", rows, lambda _: message)


def _blank(names: pa.ChunkedArray) -> np.ndarray:
    return call_function("equal", [names, ""]).to_numpy()


def _have_backslash(names: pa.ChunkedArray) -> np.ndarray:
    return call_function("match_substring", [names], MatchSubstringOptions("\\")).to_numpy()


def _choices(found: list[str]) -> str:
    shown = ", ".join(found[:5])
    return f"several pictures could be meant: {shown}; write the suffix, or the folder."


def with_names(data: pa.Table, renamed: Mapping[int, str]) -> pa.Table:
    """The table with other image names in some rows."""
    if not renamed:
        return data
    mask = np.zeros(len(data), bool)
    rows = sorted(renamed)
    mask[rows] = True
    names = data.column(IMAGE).combine_chunks()
    names = call_function(
        "replace_with_mask", [names, pa.array(mask), pa.array([renamed[row] for row in rows])]
    )
    return data.set_column(data.column_names.index(IMAGE), IMAGE, names)

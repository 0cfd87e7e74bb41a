"""Where the pictures of a table lie: the folder that names start at, the files they mean."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow.compute import MatchSubstringOptions, call_function

from polyhead.errors import Fault
from polyhead.formats.faults import row_faults
from polyhead.formats.images.image_files import list_files
from polyhead.formats.images.image_names import has_image_suffix, have_image_suffix
from polyhead.structures import IMAGE, Table
from polyhead.structures.named_files import is_file, named_file, with_slashes

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

    A name without suffix (`abc123`) means the one picture with that stem (`abc123.jpg`); a name in
    one Unicode form means the file whose name is the same in another (NFC, NFD), and one with
    backslashes, as Windows has them, the file with slashes. The folder is listed only when the
    table holds such names. Names that mean no file stay as they are.

    Returns:
        The table, with `E_IMAGE_AMBIGUOUS` for a name that several pictures could mean.
    """
    names = table.data.column(IMAGE)
    ascii_only = call_function("string_is_ascii", [names]).to_numpy()
    plain = have_image_suffix(names) & ascii_only & ~_have_backslash(names)
    rows = np.flatnonzero(~plain & ~_blank(names))
    if not len(rows) or not table.root.is_dir():
        return table
    files = _by_meaning(table.root)
    meant = {int(row): _meant(table.root, names[int(row)].as_py(), files) for row in rows}
    ambiguous = [row for row, found in meant.items() if len(found) > 1]
    renamed = {row: found[0] for row, found in meant.items() if len(found) == 1}
    faults = row_faults(table, "E_IMAGE_AMBIGUOUS", ambiguous, lambda row: _choices(meant[row]))
    data = with_names(table.data, renamed)
    return replace(table, data=data, faults=(*table.faults, *faults))


def missing_names(table: Table) -> list[Fault]:
    """`E_IMAGE_MISSING_NAME` for each row whose image cell is blank."""
    rows = np.flatnonzero(_blank(table.data.column(IMAGE)))
    message = "the row names no picture; fill the cell or remove the row."
    return row_faults(table, "E_IMAGE_MISSING_NAME", rows, lambda _: message)


def _blank(names: pa.ChunkedArray) -> np.ndarray:
    return call_function("equal", [names, ""]).to_numpy()


def _have_backslash(names: pa.ChunkedArray) -> np.ndarray:
    return call_function("match_substring", [names], MatchSubstringOptions("\\")).to_numpy()


def _meant(root: Path, name: str, files: Mapping[str, list[str]]) -> list[str]:
    plain = with_slashes(name)
    listed = files.get(_key(name)) or files.get(_key(plain))
    return listed or ([plain] if is_file(root / plain) else [])


def _choices(found: list[str]) -> str:
    return f"several pictures could be meant: {', '.join(found[:5])}; write the suffix."


def _by_meaning(root: Path) -> dict[str, list[str]]:
    """Files by whole name and by name without suffix, in normal form."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for name in list_files(root):
        if has_image_suffix(name):
            files[_key(name)].append(name)
            files[_key(name.rpartition(".")[0])].append(name)
    return files


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name)


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

"""Where the images of a table lie: the folder that names start at, the files they mean."""

from __future__ import annotations

import filecmp
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa
from pyarrow.compute import MatchSubstringOptions, call_function

from polyhead.errors import Fault, first_few
from polyhead.formats.faults import row_faults
from polyhead.formats.images.image_names import have_image_suffix
from polyhead.formats.images.meant_files import MeantFiles, is_same_name
from polyhead.table import (
    IMAGE,
    Table,
)
from polyhead.table.named_files import is_file, named_file
from polyhead.table.split_spellings import part_of

_SAMPLE_ROWS = 200
_MOST_BYTES = 1 << 28  # that are read to compare images of one name


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

    A name without suffix (`abc123`) means the one image with that stem (`abc123.jpg`), in any
    folder where no other has that stem; a name in one Unicode form means the file whose name is the
    same in another (NFC, NFD), and one with backslashes, as Windows has them, the file with
    slashes. The folder is listed only when the table holds such names. Names that mean no file stay
    as they are.

    Returns:
        The table, with `E_IMAGE_AMBIGUOUS` for a name that several images could mean, and one
        `N_IMAGE_NAMES` on the names that were replaced.
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
    copies = equal_copies(table.root, meant)
    ambiguous = [row for row, found in meant.items() if len(found) > 1 and row not in copies]
    renamed = {row: found[0] for row, found in meant.items() if len(found) == 1} | copies
    faults = row_faults(
        table, "E_IMAGE_AMBIGUOUS", ambiguous, lambda r: choices(table.root, meant[r])
    )
    faults += _renamed_note(
        table, {r: (written[r], name) for r, name in renamed.items()}, len(copies)
    )
    data = with_names(table.data, renamed)
    return replace(table, data=data, faults=(*table.faults, *faults))


def _renamed_note(
    table: Table, pairs: Mapping[int, tuple[str, str]], num_copies: int
) -> list[Fault]:
    """`N_IMAGE_NAMES` on names that are read as files of another name."""
    other = [pair for pair in pairs.values() if not is_same_name(*pair)]
    if not other:
        return []
    name, file = other[0]
    message = (
        f"{len(other):,} names without suffix or folder are read as the file that they mean, such "
        f'as "{name}" as "{file}"{among_copies(num_copies)}.'
    )
    return [Fault("N_IMAGE_NAMES", table.source, message)]


def missing_names(table: Table) -> list[Fault]:
    """`E_IMAGE_MISSING_NAME` for each row whose image cell is blank."""
    rows = np.flatnonzero(_blank(table.data.column(IMAGE)))
    message = "the row names no image; fill the cell or remove the row."
    return row_faults(table, "E_IMAGE_MISSING_NAME", rows, lambda _: message)


def _blank(names: pa.ChunkedArray) -> np.ndarray:
    return call_function("equal", [names, ""]).to_numpy()


def _have_backslash(names: pa.ChunkedArray) -> np.ndarray:
    return call_function("match_substring", [names], MatchSubstringOptions("\\")).to_numpy()


def choices(root: Path, found: Sequence[str]) -> str:
    """A message with the images a name could mean, and what to write instead.

    Args:
        root: The folder of images.
        found: Images below it, two or more.
    """
    folders = list(dict.fromkeys(name.rpartition("/")[0] for name in found))
    message = (
        f"several images could be meant: {first_few(found, 5)}; write the one that is meant in "
        "full, as written here"
    )
    if len(folders) > 1:
        shown = " or ".join(str(root / folder) for folder in folders[:2])
        message += f", or set data.images to its folder ({shown})"
    return f"{message}."


def equal_copies(root: Path, meant: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """The first image of each row whose several images hold the same bytes.

    None where their folders name different parts of a split, where the first is no better than
    the others; nor where more than 256 MB would have to be read.

    Args:
        root: The folder of images.
        meant: Row to the images below it that its name could mean.
    """
    several = [row for row, found in meant.items() if len(found) > 1]
    sizes = {row: [(root / name).stat().st_size for name in meant[row]] for row in several}
    alike = [row for row in several if len(set(sizes[row])) == 1 and _may_be_copies(meant[row])]
    if sum(sum(sizes[row]) for row in alike) > _MOST_BYTES:
        return {}
    return {row: meant[row][0] for row in alike if _are_equal(root, meant[row])}


def among_copies(number: int) -> str:
    """Words for names that mean the first of equal images, to end a sentence with."""
    if not number:
        return ""
    return (
        f"; {number:,} of them are of several files with the same bytes, the first of which is read"
    )


def _may_be_copies(found: Sequence[str]) -> bool:
    """Whether some files have one name, in folders that name no different parts of a split."""
    paths = [PurePosixPath(name) for name in found]
    parts = [tuple(part for step in path.parts[:-1] if (part := part_of(step))) for path in paths]
    return len({path.name for path in paths}) == 1 and len(set(parts)) == 1


def _are_equal(root: Path, found: Sequence[str]) -> bool:
    return all(filecmp.cmp(root / found[0], root / name, shallow=False) for name in found[1:])


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

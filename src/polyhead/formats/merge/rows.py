"""The rows of several tables, matched by image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.table import IMAGE, Table


@dataclass(frozen=True)
class Alignment:
    """N images, in the order in which they first appear in S tables.

    Attributes:
        root: The folder that all names start at.
        names: N names of images.
        rows: (S, N) int64, the row of each image in each table; -1 where it has none.
        places: Of each table, the image of each of its rows.
    """

    root: Path
    names: list[str]
    rows: np.ndarray
    places: tuple[np.ndarray, ...]


def align(tables: Sequence[Table]) -> Alignment:
    """Match the rows of S tables by the file that they name, links resolved.

    The second row of one table for the same image, which is a fault of its own, becomes a row of
    its own, and so does a row without a name.
    """
    root, names = _common_names(tables)
    keys = [_keys(table, index) for index, table in enumerate(tables)]
    images = pa.array(list(chain(*keys)), pa.large_string()).dictionary_encode()
    bounds = np.cumsum([0, *map(len, tables)])
    codes = images.indices.to_numpy()
    repeats = np.concatenate([_repeats(codes[start:stop]) for start, stop in pairwise(bounds)])
    places = _in_order_of_appearance(codes, repeats)
    parts = tuple(places[start:stop] for start, stop in pairwise(bounds))
    rows = np.full((len(tables), places.max() + 1), -1, np.int64)
    for index, part in enumerate(parts):
        rows[index, part] = np.arange(len(part))
    firsts = np.unique(places, return_index=True)[1]
    return Alignment(root, [names[first] for first in firsts.tolist()], rows, parts)


def _common_names(tables: Sequence[Table]) -> tuple[Path, list[str]]:
    """One root for all, and the names of all rows from there; as written where roots are one."""
    roots = [os.path.realpath(table.root) for table in tables]
    common = os.path.commonpath(roots)
    names = []
    for table, root in zip(tables, roots, strict=True):
        prefix = "" if root == common else f"{Path(root).relative_to(common).as_posix()}/"
        written = table.data.column(IMAGE).to_pylist()
        names += [f"{prefix}{n}" if n and not n.startswith("/") else n for n in written]
    same = len(set(roots)) == 1
    return (tables[0].root if same else Path(common)), names


def _keys(table: Table, index: int) -> list[str]:
    """The file of each row, links resolved; each folder is resolved once."""
    root, folders = os.path.realpath(table.root), dict[str, str]()
    keys = []
    for row, name in enumerate(table.data.column(IMAGE).to_pylist()):
        if not name or "\0" in name:
            keys.append(f"\0{index}:{row}")
            continue
        folder, _, base = os.path.join(root, name).rpartition("/")
        if folder not in folders:
            folders[folder] = os.path.realpath(f"{folder}/")
        path = os.path.join(folders[folder], base)
        keys.append(os.path.realpath(path) if os.path.islink(path) else path)
    return keys


def _repeats(codes: np.ndarray) -> np.ndarray:
    """How often each code has occurred before."""
    # The stable sort keeps rows of one code in their order, so that the distance from the start of
    # their run is the number of earlier ones.
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    lengths = np.diff(np.append(starts, len(codes)))
    repeats = np.empty(len(codes), np.int64)
    repeats[order] = np.arange(len(codes)) - np.repeat(starts, lengths)
    return repeats


def _in_order_of_appearance(codes: np.ndarray, repeats: np.ndarray) -> np.ndarray:
    """Number the distinct pairs from 0 in the order in which they first appear."""
    # The second occurrence of an image in each table is matched with the second of the others:
    # the pair of image and occurrence is one number.
    pairs = codes.astype(np.int64) * (int(repeats.max()) + 1) + repeats
    _, firsts, inverse = np.unique(pairs, return_index=True, return_inverse=True)
    ranks = np.empty(len(firsts), np.int64)
    ranks[np.argsort(firsts)] = np.arange(len(firsts))
    return ranks[inverse]

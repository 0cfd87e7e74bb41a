"""The rows of a long table, grouped by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.formats.duplicates import cell_numbers
from polyhead.formats.raw_table import RawTable
from polyhead.table import IMAGE


@dataclass(frozen=True, eq=False)
class ImageRows:
    """N images of R rows, in the order of first appearance.

    Attributes:
        of_row: (R,) int64, the image of each row; rows without a name have one each.
        first: (N,) int64, its first row.
        is_whole: (R,) bool, False for rows that the reader found at fault.
    """

    of_row: np.ndarray
    first: np.ndarray
    is_whole: np.ndarray

    @property
    def num_several(self) -> int:
        """The number of images with more than one row."""
        return int((np.bincount(self.of_row) > 1).sum())


def group_rows(raw: RawTable) -> ImageRows:
    """The images that the column `image` names."""
    names = raw.data.column(IMAGE)
    codes = names.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    blank = call_function("equal", [names, ""]).to_numpy()
    if blank.any():
        codes[blank] = len(codes) + np.arange(np.count_nonzero(blank))
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    is_whole = np.ones(len(codes), bool)
    is_whole[[fault.row for fault in raw.faults if fault.row is not None]] = False
    return ImageRows(rank[inverse], first[order], is_whole)


def varying_columns(raw: RawTable, images: ImageRows) -> list[str]:
    """The columns that differ between rows of one image; rows at fault do not count."""
    rows = np.flatnonzero(images.is_whole)
    first = images.first[images.of_row[rows]]
    found = []
    for name in raw.data.column_names:
        if name != IMAGE:
            codes = cell_numbers(raw.data.column(name))
            if (codes[rows] != codes[first])[images.is_whole[first]].any():
                found.append(name)
    return found


def one_row_each(raw: RawTable, images: ImageRows, columns: Sequence[str]) -> RawTable:
    """A row an image, its first, with only these columns; faults follow their rows."""
    data = raw.data.select([IMAGE, *columns]).take(pa.array(images.first))
    faults = tuple(
        fault if fault.row is None else replace(fault, row=int(images.of_row[fault.row]))
        for fault in raw.faults
    )
    sizes = None if raw.annotated_sizes is None else raw.annotated_sizes[images.first]
    return RawTable(data, raw.lines[images.first], faults, raw.root, sizes)

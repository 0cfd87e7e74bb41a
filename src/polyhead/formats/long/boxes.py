"""A row a box: the boxes of an image become one cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from polyhead.formats.long.box_faults import boxless_rows, repeated_rows, wrong_rows
from polyhead.formats.long.image_rows import ImageRows, one_row_each
from polyhead.formats.long.quads import Quads, numbers
from polyhead.formats.long.spellings import (
    AREA,
    FLAGS,
    OF_AN_OBJECT,
    BoxFormat,
    find_named,
    image_size_columns,
    plain,
)
from polyhead.formats.object_cells import ObjectCells
from polyhead.formats.raw_table import RawTable
from polyhead.table import IMAGE
from polyhead.table.objects import Units
from polyhead.table.yes_no_cells import YES, read_answers

ONLY_LABEL = "object"
LARGEST_FRACTION = 1.5  # fractions may reach out of the image somewhat
MAX_SIDE = 2**31 - 1
_OPTIONAL = {**FLAGS, "area": (AREA,)}


@dataclass(frozen=True, eq=False)
class RowBoxes:
    """The object of each of R rows.

    Attributes:
        quads: Its four numbers, or four corners.
        labels: R labels as texts, or None where no column holds any.
        taken: Columns that all this is read from.
        summary: The columns it was read from and how, in words.
        choices: What else four numbers may be, the usual first.
        is_usual: Whether the first choice is meant where several fit.
        outlines: R JSON texts or nulls of polygons, or None.
        own_labels_only: Whether an image was annotated for the labels of its boxes alone.
    """

    quads: Quads
    labels: pa.ChunkedArray | None
    taken: tuple[str, ...]
    summary: str
    choices: tuple[BoxFormat, ...] = ()
    is_usual: bool = False
    outlines: pa.Array | None = None
    own_labels_only: bool = False


@dataclass(frozen=True, eq=False)
class GatheredBoxes:
    """The boxes of N images, before the format of their four numbers is resolved.

    Attributes:
        cells: The objects, their four numbers in place of the box.
        labels: K names that they index.
        found: As the rows had them.
        units: Of the numbers.
        unread: Columns of single rows that nothing reads.
        place: Where the column of objects goes among the columns.
    """

    cells: ObjectCells
    labels: list[str]
    found: RowBoxes
    units: Units
    unread: tuple[str, ...] = field(default=())
    place: int = field(default=1)


def gather_boxes(
    raw: RawTable, images: ImageRows, varying: Sequence[str], found: RowBoxes, source: str
) -> tuple[RawTable, GatheredBoxes]:
    """A row an image with the columns about images, and the boxes beside it.

    Args:
        raw: R rows, its column of images called `image`.
        images: The image of each row.
        varying: Columns in which rows of one image differ.
        found: The objects of the rows.
        source: File name, for faults.
    """
    quads = found.quads
    codes, labels = _label_codes(found.labels, len(raw.data))
    read = np.flatnonzero(images.is_whole & ~quads.is_blank & ~quads.is_wrong)
    once = read[_firsts(images.of_row[read], codes[read], quads.values[read])]
    faults = [
        *wrong_rows(raw, images, quads.is_wrong, source, found.summary),
        *boxless_rows(raw, images, _lacks_box(codes, quads, len(labels) - 1), source),
        *repeated_rows(raw, np.setdiff1d(read, once, assume_unique=True), source),
    ]
    size_columns, sizes = _annotated_sizes(raw, images, varying, found)
    free = [n for n in raw.data.column_names if n not in {*found.taken, *size_columns, IMAGE}]
    flags = {key: find_named(free, names) for key, names in _OPTIONAL.items()}
    kept = [n for n in free if n not in varying and not _is_of_an_object(n, found)]
    kept = [n for n in kept if n not in flags.values()]
    unread = [n for n in free if n not in kept and n not in flags.values()]
    highest = np.abs(quads.values[read]).max(initial=0)
    gathered = GatheredBoxes(
        _cells(raw, images.of_row, codes, found, once, flags),
        labels,
        found,
        "fraction" if highest <= LARGEST_FRACTION else "pixels",
        tuple(unread),
        1 + sum(raw.data.column_names.index(n) < _place(raw, found) for n in kept),
    )
    one = one_row_each(raw, images, kept)
    sizes = one.annotated_sizes if sizes is None else sizes
    return replace(one, faults=(*one.faults, *faults), annotated_sizes=sizes), gathered


def _label_codes(labels: pa.ChunkedArray | None, num_rows: int) -> tuple[np.ndarray, list[str]]:
    """(R,) index of each row's label; the label that is none comes last."""
    if labels is None:
        return np.zeros(num_rows, np.int64), [ONLY_LABEL]
    texts = call_function("utf8_trim_whitespace", [labels.cast(pa.string())])
    encoded = texts.combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
    return codes.astype(np.int64), [*names, ""]


def _firsts(rows: np.ndarray, codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sorted places of objects that no earlier one equals."""
    if not len(rows):
        return np.zeros(0, np.int64)
    names = [str(k) for k in range(2 + values.shape[1])]
    keys = pa.table([rows, codes, *values.T], names=names)
    keys = keys.append_column("place", pa.array(np.arange(len(rows))))
    found = keys.group_by(names).aggregate([("place", "min")])
    return np.sort(found.column("place_min").to_numpy())


def _lacks_box(codes: np.ndarray, quads: Quads, no_label: int) -> np.ndarray:
    """(R,) bool: no box beside a label that other rows have one for."""
    boxed = np.unique(codes[~quads.is_blank])
    return quads.is_blank & np.isin(codes, boxed) & (codes < no_label)


def _annotated_sizes(
    raw: RawTable, images: ImageRows, varying: Sequence[str], found: RowBoxes
) -> tuple[tuple[str, ...], np.ndarray | None]:
    """The columns of the images' sizes, and (N, 2) height and width; 0 where unknown."""
    names = [n for n in raw.data.column_names if n not in {*found.taken, *varying, IMAGE}]
    columns = image_size_columns(names)
    if columns is None:
        return (), None
    sides = [numbers(raw.data.column(name))[0] for name in reversed(columns)]
    sizes = np.nan_to_num(np.stack(sides, axis=1), posinf=0, neginf=0)
    values = found.quads.values
    if values.shape[1] == 4:
        is_read = ~found.quads.is_blank & ~found.quads.is_wrong
        spans = (values[:, 2:] - values[:, :2])[is_read][:, ::-1]
        if np.allclose(sizes[is_read], spans) or np.allclose(
            sizes[is_read], values[is_read][:, :1:-1]
        ):
            return (), None  # they repeat the size of the box
    return columns, np.clip(sizes, 0, MAX_SIDE)[images.first].astype(np.int32)


def _is_of_an_object(name: str, found: RowBoxes) -> bool:
    key = plain(name)
    return key in OF_AN_OBJECT or (found.own_labels_only and key == "source")


def _place(raw: RawTable, found: RowBoxes) -> int:
    return min(raw.data.column_names.index(name) for name in found.taken)


def _cells(
    raw: RawTable,
    images: np.ndarray,
    codes: np.ndarray,
    found: RowBoxes,
    once: np.ndarray,
    flags: Mapping[str, str | None],
) -> ObjectCells:
    taken = pa.array(once)
    areas = flags["area"]
    return ObjectCells(
        images[once],
        codes[once],
        found.quads.values[once],
        crowd=_flag(raw, flags["crowd"], once),
        difficult=_flag(raw, flags["difficult"], once),
        areas=None if areas is None else pa.array(numbers(raw.data.column(areas))[0][once]),
        segmentations=None if found.outlines is None else found.outlines.take(taken),
    )


def _flag(raw: RawTable, name: str | None, once: np.ndarray) -> np.ndarray | None:
    if name is None:
        return None
    encoded = raw.data.column(name).cast(pa.string()).combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    answers = read_answers(texts).of
    says_yes = np.array([*(answers[text] == YES for text in texts), False])
    return says_yes[encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)][once]

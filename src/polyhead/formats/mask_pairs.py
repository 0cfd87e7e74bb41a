"""Pairs of pictures and masks by their names: `images/a.jpg` and `masks/a.png`, or `a_mask.png`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa

from polyhead.errors import Fault
from polyhead.formats.column_builder import ColumnBuilder
from polyhead.formats.images.image_names import has_image_suffix, is_unicode
from polyhead.formats.raw_table import RawTable
from polyhead.table import IMAGE
from polyhead.table.split_spellings import SPLITS

MASK = "mask"
_MASK_FOLDER = re.compile(
    r"(?i)masks?|segmentations?|segmentationclass|trimaps?|ground[_ -]?truths?"
)
_IMAGE_FOLDER = re.compile(r"(?i)images?|imgs?|photos|pictures|jpegimages")
_MASK_STEM = re.compile(r"(?i)(.+?)[_-](?:mask|seg|segmentation)")

Key = tuple[str, ...]


def recognise(files: Sequence[str]) -> bool:
    """Whether most masks among some files are of a picture among them."""
    pictures, masks = _sorted_out(files)
    found = sum(len(pictures[key]) == 1 for key in masks)
    return bool(masks) and 2 * found > len(masks)


def read(path: Path, files: Sequence[str]) -> RawTable:
    """Columns `image`, `mask` (null where a picture has none), and `split` if folders say it."""
    pictures, masks = _sorted_out(files)
    pairs = sorted((name, masks.get(key, [])) for key, names in pictures.items() for name in names)
    columns: dict[str, list[str | None]] = {
        IMAGE: [name for name, _ in pairs],
        MASK: [found[0] if len(found) == 1 else None for _, found in pairs],
    }
    parts = [_part(name) for name, _ in pairs]
    if all(parts):
        columns["split"] = parts
    builder = ColumnBuilder()
    arrays = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    builder.add(arrays, len(pairs))
    data = builder.finish(list(columns))
    faults = _faults(path, pairs, sum(key not in pictures for key in masks))
    return RawTable(data, np.zeros(len(pairs), np.int32), faults, path)


def _sorted_out(files: Sequence[str]) -> tuple[dict[Key, list[str]], dict[Key, list[str]]]:
    """Pictures and masks by what both are called, without the folders and endings of each kind."""
    pictures: defaultdict[Key, list[str]] = defaultdict(list)
    masks: defaultdict[Key, list[str]] = defaultdict(list)
    for name in files:
        if not (has_image_suffix(name) and is_unicode(name)):
            continue
        path = PurePosixPath(name)
        folders = [part for part in path.parts[:-1] if not _IMAGE_FOLDER.fullmatch(part)]
        others = [part for part in folders if not _MASK_FOLDER.fullmatch(part)]
        ending = _MASK_STEM.fullmatch(path.stem)
        kind = masks if ending or len(others) < len(folders) else pictures
        kind[(*others, ending[1] if ending else path.stem)].append(name)
    return pictures, masks


def _part(name: str) -> str | None:
    folders = PurePosixPath(name).parts[:-1]
    return next((SPLITS[part.lower()] for part in folders if part.lower() in SPLITS), None)


def _faults(path: Path, pairs: Sequence[tuple[str, list[str]]], num_lost: int) -> tuple[Fault, ...]:
    """What is paired is told; what is not, too."""
    without = [name for name, found in pairs if not found]
    several = [name for name, found in pairs if len(found) > 1]
    place = f"{path.name}/"
    message = f"{len(pairs) - len(without) - len(several):,} pictures and masks of the same name."
    faults = [Fault("N_MASK_PAIRS", place, message)]
    for code, names, what in (
        ("W_NO_MASK", without, "have no mask of their name and are left unknown; add or rename it"),
        ("E_IMAGE_AMBIGUOUS", several, "have several masks of their name; keep one of them"),
    ):
        if names:
            message = f"{len(names):,} pictures, such as {names[0]}, {what}."
            faults.append(Fault(code, place, message))
    if num_lost:
        message = f"{num_lost:,} masks have no picture of their name; rename them."
        faults.append(Fault("W_NO_PICTURE", place, message))
    return tuple(faults)

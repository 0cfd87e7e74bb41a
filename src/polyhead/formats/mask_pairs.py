"""Pairs of images and masks by their names: `images/a.jpg` and `masks/a.png`, or `a_mask.png`."""

from __future__ import annotations

import functools
import os
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath

import numpy as np
import pyarrow as pa

from polyhead.errors import Fault
from polyhead.formats.column_builder import ColumnBuilder
from polyhead.formats.images.image_files import list_files
from polyhead.formats.images.image_names import has_image_suffix, is_unicode
from polyhead.formats.raw_table import RawTable
from polyhead.formats.split_lists import listed_splits
from polyhead.formats.split_names import FOLDERS, SPLIT, with_split_source
from polyhead.table import IMAGE
from polyhead.table.split_spellings import parts_by_folder

MASK = "mask"
_MASKS = frozenset(
    re.findall(
        r"\w+",
        "mask masks segmentation segmentations segmentationclass seg segs trimap trimaps ground "
        "truth truths groundtruth gt gts label labels annotation annotations annot annots ann anns",
    )
)
_IMAGES = frozenset(
    re.findall(r"\w+", "image images imgs img photo photos image images jpegimages jpeg")
)
_NEUTRAL = frozenset(("dir", "folder", "files", "png", "jpg", "of"))
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_MASK_STEM = re.compile(
    r"(?i)(.+?)[_-](?:masks?|seg|segmentation|gt|groundtruth|labels?|annotation)"
)
_IMAGE_STEM = re.compile(r"(?i)(.+?)[_-](?:image|img|sat|rgb)")

Key = tuple[str, ...]
FilesByKey = dict[Key, list[str]]


def recognise(files: Sequence[str]) -> bool:
    """Whether most masks among some files are of an image among them."""
    return _fit(*_sorted_out(files))


def read(path: Path, files: Sequence[str]) -> RawTable:
    """Columns `image`, `mask` (null where an image has none), and `split` where known."""
    return _read(path, path.name, files, _sorted_out(files))


def read_beside(images: Path, masks: Path) -> RawTable | None:
    """Pairs of images in one folder and masks in another, whatever their names.

    Args:
        images: Of the images.
        masks: Of the masks.

    Returns:
        As `read`, names from the folder that holds both; None where most masks have no image of
        their name.
    """
    here, there = (Path(os.path.abspath(folder)) for folder in (images, masks))
    root = Path(os.path.commonpath([here, there]))
    image_names = [name for name in _names(here, root) if not (root / name).is_relative_to(there)]
    found = [name for name in _names(there, root) if (root / name).is_relative_to(there)]
    if here.is_relative_to(there):
        found = [name for name in found if not (root / name).is_relative_to(here)]
    pairs = _by_key(image_names, here.relative_to(root)), _by_key(found, there.relative_to(root))
    if not _fit(*pairs):
        return None
    return _read(root, f"{images.name}/ + {masks.name}", image_names, pairs)


def is_mask_folder(name: str) -> bool:
    """Whether a folder has a name of mask folders: `masks`, `train_labels`, `ann_dir`."""
    return _kind(name)[0]


def is_image_folder(name: str) -> bool:
    """Whether a folder has a name of image folders and nothing else in it: `Images`."""
    is_mask, rest = _kind(name)
    return not is_mask and rest == ""


def _names(folder: Path, root: Path) -> list[str]:
    prefix = folder.relative_to(root).as_posix()
    return [name if prefix == "." else f"{prefix}/{name}" for name in list_files(folder)]


def _by_key(names: Sequence[str], below: PurePath) -> FilesByKey:
    """Images by their folders below one, and their stem, without the words of either kind."""
    found: defaultdict[Key, list[str]] = defaultdict(list)
    for name in filter(_is_readable_name, names):
        found[_key(PurePosixPath(name).relative_to(below))[1]].append(name)
    return found


def _sorted_out(files: Sequence[str]) -> tuple[FilesByKey, FilesByKey]:
    """Images and masks by the name they share, without the words of each kind."""
    images: defaultdict[Key, list[str]] = defaultdict(list)
    masks: defaultdict[Key, list[str]] = defaultdict(list)
    for name in filter(_is_readable_name, files):
        is_mask, key = _key(PurePosixPath(name))
        (masks if is_mask else images)[key].append(name)
    return images, masks


def _is_readable_name(name: str) -> bool:
    return has_image_suffix(name) and is_unicode(name)


def _key(path: PurePath) -> tuple[bool, Key]:
    """Whether a file is a mask by its folders or its stem, and what its partner has in common."""
    folders = [_kind(folder) for folder in path.parts[:-1]]
    is_mask = any(is_mask for is_mask, _ in folders)
    ending = _MASK_STEM.fullmatch(path.stem)
    stem = ending or _IMAGE_STEM.fullmatch(path.stem)
    rest = [rest for _, rest in folders if rest]
    return is_mask or ending is not None, (*rest, stem[1] if stem else path.stem)


@functools.cache
def _kind(folder: str) -> tuple[bool, str]:
    """Whether a folder's name is that of masks, and the words beside the kind of files."""
    whole = re.sub(r"[\W_]", "", folder).casefold()
    words = [whole] if whole in _MASKS | _IMAGES else _WORDS.findall(folder)
    kept = [w for w in words if w.casefold() not in _MASKS | _IMAGES | _NEUTRAL]
    if len(kept) == len(words):
        return False, folder
    return any(w.casefold() in _MASKS for w in words), "_".join(kept)


def _fit(images: FilesByKey, masks: FilesByKey) -> bool:
    found = sum(len(images.get(key, ())) == 1 for key in masks)
    return bool(masks) and 2 * found > len(masks)


def _read(
    path: Path, place: str, files: Sequence[str], kinds: tuple[FilesByKey, FilesByKey]
) -> RawTable:
    images, masks = kinds
    pairs = sorted((name, masks.get(key, [])) for key, names in images.items() for name in names)
    pairs, unlabelled = _without_bare_parts(place, pairs)
    names = [name for name, _ in pairs]
    columns: dict[str, Sequence[str | None]] = {
        IMAGE: names,
        MASK: [found[0] if len(found) == 1 else None for _, found in pairs],
    }
    parts, split_source, notes = parts_by_folder(names), FOLDERS, list[Fault]()
    if parts is None:
        parts, split_source, notes = listed_splits(path, files, names)
    if parts is not None:
        columns[SPLIT] = parts
    builder = ColumnBuilder()
    arrays = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    builder.add(arrays, len(pairs))
    data = with_split_source(builder.finish(list(columns)), split_source)
    faults = (
        *notes,
        *unlabelled,
        *_faults(place, pairs, sum(key not in images for key in masks)),
    )
    return RawTable(data, np.zeros(len(pairs), np.int32), faults, path)


def _without_bare_parts(
    place: str, pairs: list[tuple[str, list[str]]]
) -> tuple[list[tuple[str, list[str]]], list[Fault]]:
    """Leave out a part of the split in which no image has a mask: it was not labelled."""
    parts = parts_by_folder([name for name, _ in pairs]) or [None] * len(pairs)
    labelled = {part for part, (_, found) in zip(parts, pairs, strict=True) if found}
    kept = [pair for part, pair in zip(parts, pairs, strict=True) if part in labelled]
    left_out = [name for part, (name, _) in zip(parts, pairs, strict=True) if part not in labelled]
    if not left_out:
        return pairs, []
    message = (
        f"{len(left_out):,} images, such as {left_out[0]}, lie in a part of the split in which "
        "none has a mask, and are left out."
    )
    return kept, [Fault("W_NO_MASK", f"{place}/", message)]


def _faults(place: str, pairs: Sequence[tuple[str, list[str]]], num_lost: int) -> tuple[Fault, ...]:
    """Notes on what is paired, and faults of what is not."""
    without = [name for name, found in pairs if not found]
    several = [name for name, found in pairs if len(found) > 1]
    place = f"{place}/"
    message = f"{len(pairs) - len(without) - len(several):,} images and masks of the same name."
    faults = [Fault("N_MASK_PAIRS", place, message)]
    for code, names, what in (
        ("W_NO_MASK", without, "have no mask of their name and are left unknown; add or rename it"),
        ("E_IMAGE_AMBIGUOUS", several, "have several masks of their name; keep one of them"),
    ):
        if names:
            message = f"{len(names):,} images, such as {names[0]}, {what}."
            faults.append(Fault(code, place, message))
    if num_lost:
        message = f"{num_lost:,} masks have no image of their name; rename them."
        faults.append(Fault("W_NO_PICTURE", place, message))
    return tuple(faults)

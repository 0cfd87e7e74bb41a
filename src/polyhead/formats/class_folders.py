"""Class folders: `root/<class>/**/picture.jpg`, or `root/train/<class>/…` with the split on top.

The columns are `image` (path below the root), `class`, and `split` (`train`, `val` or `test`) when
every folder on top is named after a split. A picture right inside a split folder
has no known class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa

from polyhead.errors import Fault
from polyhead.formats.column_builder import ColumnBuilder
from polyhead.formats.faults import refusal
from polyhead.formats.images.image_files import list_files
from polyhead.formats.images.image_names import IMAGE_SUFFIXES, has_image_suffix, is_unicode
from polyhead.formats.raw_table import RawTable
from polyhead.structures import IMAGE
from polyhead.structures.split_spellings import SPLITS


def read(path: Path) -> RawTable:
    """List one folder.

    Raises:
        DataError: `E_EMPTY_TABLE`: no folder inside it holds a picture.
    """
    files = list(list_files(path))
    pictures = [name for name in files if has_image_suffix(name)]
    filed = [name for name in pictures if "/" in name and is_unicode(name)]
    if not filed:
        message = (
            f"{len(pictures)} pictures, none of them in a class folder; expected "
            f"<class>/picture.jpg ({', '.join(IMAGE_SUFFIXES)})."
        )
        raise refusal("E_EMPTY_TABLE", f"{path.name}/", message)
    columns = _columns(filed)
    builder = ColumnBuilder()
    builder.add({name: pa.array(c, pa.string()) for name, c in columns.items()}, len(filed))
    faults = (
        *_misnamed(path, pictures),
        *_unread(path, files),
        *_unfiled(path, pictures),
        *_empty_folders(path, pictures),
    )
    return RawTable(builder.finish(list(columns)), np.zeros(len(filed), np.int32), faults, path)


def _columns(filed: Sequence[str]) -> dict[str, list[str | None]]:
    parts = [name.split("/") for name in filed]
    images: list[str | None] = list(filed)
    has_splits = all(p[0].lower() in SPLITS for p in parts) and any(len(p) > 2 for p in parts)
    if not has_splits:
        return {IMAGE: images, "class": [p[0] for p in parts]}
    return {
        IMAGE: images,
        "class": [p[1] if len(p) > 2 else None for p in parts],
        "split": [SPLITS[p[0].lower()] for p in parts],
    }


def _misnamed(path: Path, pictures: Sequence[str]) -> list[Fault]:
    message = "the name is not UTF-8, so no table can hold it; rename it (convmv -t utf8)."
    names = [name for name in pictures if not is_unicode(name)]
    return [Fault("E_FILE_NAME", f"{path.name}/{name}", message) for name in names]


def _unread(path: Path, files: Sequence[str]) -> list[Fault]:
    """A note on files of other kinds, so that HEIC pictures do not vanish unseen."""
    suffixes = Counter(
        PurePosixPath(name).suffix.lower() or "no suffix"
        for name in files
        if not has_image_suffix(name)
    )
    if not suffixes:
        return []
    shown = ", ".join(f"{count} with {suffix}" for suffix, count in suffixes.most_common(5))
    message = f"files that are not read: {shown}; read are {', '.join(IMAGE_SUFFIXES)}."
    return [Fault("N_FILES_IGNORED", f"{path.name}/", message)]


def _unfiled(path: Path, pictures: Sequence[str]) -> list[Fault]:
    loose = [name for name in pictures if "/" not in name]
    if not loose:
        return []
    message = f"{len(loose)} pictures lie outside any class folder and are left out; move them."
    return [Fault("W_NO_CLASS_FOLDER", f"{path.name}/{loose[0]}", message)]


def _empty_folders(path: Path, pictures: Sequence[str]) -> list[Fault]:
    used = {name.split("/", 1)[0] for name in pictures}
    folders = (e.name for e in path.iterdir() if e.is_dir() and not e.name.startswith("."))
    message = "the class folder holds no picture; fill it or remove it."
    return [
        Fault("W_EMPTY_CLASS", f"{path.name}/{name}", message)
        for name in sorted(folders)
        if name not in used
    ]

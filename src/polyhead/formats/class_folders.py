"""Class folders: `root/<class>/**/image.jpg`, with or without folders of a split.

`root/train/<class>/…`, `root/<class>/train/…` and `root/images/train/<class>/…` define the split.
The columns are `image` (path below the root), `class`, and `split` (`train`, `val` or `test`) where
folders or lists (`train.txt`) define it. An image right inside a split folder has no known class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa

from polyhead.errors import Fault, first_few
from polyhead.formats.column_builder import ColumnBuilder
from polyhead.formats.faults import refusal
from polyhead.formats.images.image_files import list_files
from polyhead.formats.images.image_names import IMAGE_SUFFIXES, has_image_suffix, is_unicode
from polyhead.formats.raw_table import RawTable
from polyhead.formats.split_lists import listed_splits
from polyhead.formats.split_names import FOLDERS, SPLIT, with_split_source
from polyhead.table import IMAGE
from polyhead.table.split_spellings import part_of, split_level

# Folders that part images from other files and are no class.
_KINDS_OF_FILES = ("images", "image", "imgs", "img", "jpegimages", "pictures")


def read(path: Path) -> RawTable:
    """List one folder.

    Raises:
        DataError: `E_EMPTY_TABLE`: no folder inside it holds an image.
    """
    files = list(list_files(path))
    images = [name for name in files if has_image_suffix(name)]
    filed = [name for name in images if "/" in name and is_unicode(name)]
    if not filed:
        message = (
            f"{len(images)} images, none of them in a class folder; expected "
            f"<class>/image.jpg ({', '.join(IMAGE_SUFFIXES)})."
        )
        raise refusal("E_EMPTY_TABLE", f"{path.name}/", message)
    filed, columns, split_source, notes = _read(path, files, filed)
    builder = ColumnBuilder()
    builder.add({name: pa.array(c, pa.string()) for name, c in columns.items()}, len(filed))
    faults = (
        *notes,
        *_misnamed(path, images),
        *_unread(path, files),
        *_unfiled(path, images),
        *_empty_folders(path, images),
    )
    data = with_split_source(builder.finish(list(columns)), split_source)
    return RawTable(data, np.zeros(len(filed), np.int32), faults, path)


def _read(
    path: Path, files: Sequence[str], filed: list[str]
) -> tuple[list[str], dict[str, Sequence[str | None]], str, list[Fault]]:
    """The images that are read, the columns, where the split comes from, and faults."""
    folders = [name.split("/")[:-1] for name in filed]
    level = split_level(["/".join(each) for each in folders])
    if level is None and all(part_of(each[0]) for each in folders):
        level = 0
    faults: list[Fault] = []
    if level is not None:
        inside = [k for k, f in enumerate(folders) if len(f) > level and part_of(f[level])]
        faults = _outside(path, filed, set(inside))
        filed, folders = [filed[k] for k in inside], [folders[k] for k in inside]
    classes = _classes(path, folders, level)
    columns: dict[str, Sequence[str | None]] = {IMAGE: filed, "class": classes}
    split_source = FOLDERS
    if level is None:
        splits, split_source, notes = listed_splits(path, files, filed)
        faults += notes
    else:
        splits = [part_of(each[level]) for each in folders]
    if splits is not None:
        columns[SPLIT] = splits
    return filed, columns, split_source, faults


def _classes(path: Path, folders: list[list[str]], level: int | None) -> list[str | None]:
    """The first folder that names neither a part nor a kind of files, nor holds all images."""
    steps = folders
    if level is not None:
        steps = [each[:level] + _below(each[level + 1 :]) for each in folders]
    while steps and {step[0].lower() if step else "" for step in steps} <= set(_KINDS_OF_FILES):
        steps = [step[1:] for step in steps]
    if level and len({step[0] for step in steps}) == 1 and any(len(step) > 1 for step in steps):
        steps = [step[1:] for step in steps]
    if not any(steps):
        tops = first_few(sorted({each[0] for each in folders}), 5)
        message = (
            f"the folders {tops} name parts of a split or a kind of files, and there is no class "
            "folder in them; expected <class>/image.jpg there; if a table or an annotation file "
            "lists the labels, pass that: polyhead init IMAGES TABLE."
        )
        raise refusal("E_EMPTY_TABLE", f"{path.name}/", message)
    return [step[0] if step else None for step in steps]


def _below(folders: list[str]) -> list[str]:
    """The path below the folder of a part; `train/images/` and `train/train/` are no classes."""
    while folders and (folders[0].lower() in _KINDS_OF_FILES or part_of(folders[0])):
        folders = folders[1:]
    return folders


def _outside(path: Path, filed: Sequence[str], inside: set[int]) -> list[Fault]:
    """A warning on images beside the folders of a split."""
    others = [name for k, name in enumerate(filed) if k not in inside]
    if not others:
        return []
    message = (
        f"{len(others)} images, such as {others[0]}, lie in no folder of the split that the "
        "others have (train, val, test), and are left out; move or remove them."
    )
    return [Fault("W_SPLIT_FOLDER", f"{path.name}/", message)]


def _misnamed(path: Path, images: Sequence[str]) -> list[Fault]:
    message = "the name is not UTF-8, so no table can hold it; rename it (convmv -t utf8)."
    names = [name for name in images if not is_unicode(name)]
    return [Fault("E_FILE_NAME", f"{path.name}/{name}", message) for name in names]


def _unread(path: Path, files: Sequence[str]) -> list[Fault]:
    """A note on files of other kinds, so that HEIC images do not vanish unseen."""
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


def _unfiled(path: Path, images: Sequence[str]) -> list[Fault]:
    loose = [name for name in images if "/" not in name]
    if not loose:
        return []
    message = f"{len(loose)} images lie outside any class folder and are left out; move them."
    return [Fault("W_NO_CLASS_FOLDER", f"{path.name}/{loose[0]}", message)]


def _empty_folders(path: Path, images: Sequence[str]) -> list[Fault]:
    used = {name.split("/", 1)[0] for name in images}
    folders = (e.name for e in path.iterdir() if e.is_dir() and not e.name.startswith("."))
    message = "the class folder holds no image; fill it or remove it."
    return [
        Fault("W_EMPTY_CLASS", f"{path.name}/{name}", message)
        for name in sorted(folders)
        if name not in used
    ]

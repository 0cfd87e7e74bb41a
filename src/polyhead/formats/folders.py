"""Tell what kind of data set a folder is: VOC, YOLO, pairs with masks or class folders."""

from __future__ import annotations

from pathlib import Path

from polyhead.errors import ConfigError
from polyhead.formats import class_folders, mask_pairs, voc, yolo
from polyhead.formats.faults import refusal
from polyhead.formats.images.image_files import list_files
from polyhead.formats.raw_table import RawTable

KINDS = ("folder",)


def read(path: Path) -> RawTable:
    """Read a folder that holds its own pictures."""
    return read_below(path, None)


def read_below(path: Path, images: Path | None) -> RawTable:
    """Read a folder.

    Args:
        path: The folder.
        images: Where its pictures are, when they are elsewhere; class folders hold their own.

    Raises:
        ConfigError: `E_FORMAT`: `images` is another folder than the class folders.
        DataError: `E_FORMAT` when it is VOC and YOLO at once; else what the readers say.
    """
    files = list(list_files(path))
    is_voc, is_yolo = voc.recognise(path, files), yolo.recognise(path, files)
    if is_voc and is_yolo:
        message = (
            "the folder holds VOC xml files and YOLO labels; name the one to read: its "
            "Annotations or its labels folder."
        )
        raise refusal("E_FORMAT", f"{path.name}/", message)
    if is_voc:
        return voc.read(path, files, images)
    if is_yolo:
        return yolo.read(path, files, images)
    if images is not None and not path.samefile(images):
        message = f"the class folders in {path} hold their own pictures; leave {images} out."
        raise ConfigError(message, code="E_FORMAT")
    if mask_pairs.recognise(files):
        return mask_pairs.read(path, files)
    return class_folders.read(path)

"""Recognise the kind of data set in a folder: VOC, YOLO, pairs with masks or class folders."""

from __future__ import annotations

from pathlib import Path

from polyhead.errors import ConfigError
from polyhead.formats import class_folders, mask_pairs, voc, yolo
from polyhead.formats.faults import refusal
from polyhead.formats.images.image_files import list_files
from polyhead.formats.raw_table import RawTable

KINDS = ("folder",)


def read(path: Path) -> RawTable:
    """Read a folder that holds its own images."""
    return read_below(path, None)


def read_below(path: Path, images: Path | None) -> RawTable:
    """Read a folder.

    Args:
        path: The folder.
        images: Where its images are, when they are elsewhere; class folders hold their own, and
            a folder of masks has one for each of these images.

    Raises:
        ConfigError: `E_FORMAT`: `images` is another folder than the class folders, or the two are
            the wrong way round.
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
        return _read_masks(path, images)
    if mask_pairs.recognise(files):
        return mask_pairs.read(path, files)
    return class_folders.read(path)


def _read_masks(path: Path, images: Path) -> RawTable:
    """The masks of images in another folder."""
    found = mask_pairs.read_beside(images, path)
    if found is None:
        message = (
            f"expected masks in {path} with the names of the images in {images}, and found none "
            f"for most; class folders hold their own images: give {path} alone for them."
        )
        raise ConfigError(message, code="E_FORMAT")
    if mask_pairs.is_mask_folder(images.name) and not mask_pairs.is_mask_folder(path.name):
        message = (
            f"expected the folder of images first and that of masks behind it; {images} is named "
            f"as masks are: swap the two (polyhead init {path} {images}; data.images: {path}, "
            f"data.annotations: {images})."
        )
        raise ConfigError(message, code="E_FORMAT")
    return found

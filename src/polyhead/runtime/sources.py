"""The inputs of predict, as a list of named images."""

from __future__ import annotations

import glob
import io
import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeGuard

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from polyhead.data import Decoded, load_image, resize
from polyhead.data.colour import to_rgb
from polyhead.data.depth import PixelSpan, pixel_span
from polyhead.data.orientation import exif_orientation, turned
from polyhead.errors import ConfigError, ImageError
from polyhead.table import IMAGE_SUFFIXES
from polyhead.table.deep_pixels import (
    NO_RANGES,
    PixelRanges,
    deep_channel,
    eight_bit_image,
    is_deep,
)

PredictionSource = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | np.ndarray | Image.Image
)

# Images that polyhead does not decode: a folder of them must not look empty.
_UNREAD_SUFFIXES = (".heic", ".heif", ".avif")
_one_reader = threading.Lock()  # of a Pillow image that may be in the list twice
_ADDRESS = ("http://", "https://", "s3://", "gs://")


@dataclass(frozen=True)
class NamedImage:
    """One image to predict.

    Attributes:
        name: The path as written, or a substitute such as `array-0`.
        source: A path, bytes, a Pillow image, an (H, W, 3) uint8 array, or the error
            that explains its absence.
    """

    name: str
    source: Path | bytes | np.ndarray | Image.Image | ImageError

    def load(self, size: tuple[int, int], ranges: PixelRanges | None = None) -> Decoded:
        """Decode and stretch to (height, width), as training does.

        Args:
            size: Height and width of the result.
            ranges: Black and white of images with more than 8 bits a channel.

        Raises:
            ImageError: It cannot be decoded, or the array is no image.
        """
        source = self.source
        if isinstance(source, ImageError):
            raise source
        if isinstance(source, Path):
            return load_image(source, size, ranges)
        if isinstance(source, bytes):
            return load_image(io.BytesIO(source), size, ranges)
        data = _bytes_of(source)
        if data is not None:
            return load_image(io.BytesIO(data), size, ranges)
        array, span = _as_rgb(source, ranges or NO_RANGES)
        return Decoded(resize(array, size), array.shape[1], array.shape[0], span=span)


def _bytes_of(source: np.ndarray | Image.Image) -> bytes | None:
    """The file that an opened Pillow image still is, so that it is read as its file is.

    A JPEG that is reduced while it is decoded differs a little from one that is reduced from all
    its pixels, and Pillow loads 8 of 16 bits of colours. None for images of other kinds, for
    those that were changed, and for those whose file is gone.
    """
    if not isinstance(source, JpegImageFile | PngImageFile | TiffImageFile):
        return None
    if source.decoderconfig or source.tell():  # the user drafted it, or asked for a later frame
        return None
    is_jpeg = isinstance(source, JpegImageFile)
    with _one_reader, suppress(Exception):  # a closed file, or one that was moved or damaged since
        if source.tile and source.fp is not None:  # not loaded yet
            return _file_content(source) if is_jpeg or is_deep(source) else None
        data = Path(os.fsdecode(source.filename)).read_bytes() if source.filename else b""
        with Image.open(io.BytesIO(data)) as again:
            return data if (is_jpeg or is_deep(again)) and again == source else None
    return None


def _file_content(image: ImageFile) -> bytes:
    """All bytes of an opened file; a file that Pillow opened by its path is closed."""
    assert image.fp is not None
    place = image.fp.tell()
    image.fp.seek(0)
    data = image.fp.read()
    if image.filename and type(image) in (JpegImageFile, PngImageFile):
        image.fp.close()
        image.fp = io.BytesIO(data)
    image.fp.seek(place)
    return data


def _as_rgb(
    source: np.ndarray | Image.Image, ranges: PixelRanges
) -> tuple[np.ndarray, PixelSpan | None]:
    if isinstance(source, Image.Image):
        return _displayed(source, ranges)
    if source.dtype == np.uint8 and source.ndim == 2 and source.size:
        return np.repeat(source[:, :, None], 3, axis=2), None
    if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3 or not source.size:
        raise ImageError(
            f"found an array of shape {source.shape} and type {source.dtype}; expected "
            "(height, width, 3) or (height, width) uint8."
        )
    return source, None


def _displayed(image: Image.Image, ranges: PixelRanges) -> tuple[np.ndarray, PixelSpan | None]:
    """A Pillow image as its file would be shown: opened ones are loaded here, and turned."""
    try:
        image.load()
        # Pillow turns TIFF files itself, and the tag stays.
        orientation = 1 if image.format == "TIFF" else exif_orientation(image)
        span = None
        if is_deep(image):
            values = deep_channel(image)
            span = pixel_span(values)
            image = eight_bit_image(image, values, ranges.of(values))
        return np.asarray(turned(to_rgb(image), orientation)), span
    except ImageError:
        raise
    except Exception as error:  # damaged files raise OSError, SyntaxError, struct.error and more
        raise ImageError(
            f"the Pillow image cannot be loaded ({error}); expected an open image whose file "
            "is whole",
            code="E_TRUNCATED",
        ) from error


def expand(sources: PredictionSource | Iterable[PredictionSource]) -> tuple[list[NamedImage], bool]:
    """Files, folders, globs, bytes, open files, arrays and Pillow images, or an iterable of them.

    Folders are searched in depth, in order of names. What names no image stays in the list and
    becomes an answer with an error, so that one wrong name loses no batch.

    Returns:
        The images, and whether one single image was asked for.

    Raises:
        ConfigError: Nothing but folders and globs without an image; or something is none of the
            above.
    """
    if _is_one(sources):
        images = _expand_one(sources, 0)
        is_path = isinstance(sources, str | os.PathLike)
        single = len(images) == 1 and (not is_path or Path(sources) == images[0].source)
    elif isinstance(sources, Iterable) and not isinstance(sources, Mapping):
        images = [p for i, source in enumerate(sources) for p in _expand_one(source, i)]
        single = False
    else:
        raise _no_source(sources)
    empty = [p.source for p in images if isinstance(p.source, _NoImage)]
    if empty and len(empty) == len(images):
        raise ConfigError(f"{images[0].name} {empty[0].message}.")
    return images, single


class _NoImage(ImageError):
    """A folder or glob without any image."""

    code = "E_NO_PICTURE"


def _is_one(source: object) -> TypeGuard[PredictionSource]:
    kinds = str | bytes | bytearray | memoryview | os.PathLike | np.ndarray | Image.Image
    return isinstance(source, kinds) or hasattr(source, "read")


def _expand_one(source: object, index: int) -> list[NamedImage]:
    if not _is_one(source):
        raise _no_source(source)
    if isinstance(source, np.ndarray):
        return [NamedImage(f"array-{index}", source)]
    if isinstance(source, Image.Image):
        return [NamedImage(getattr(source, "filename", "") or f"picture-{index}", source)]
    if isinstance(source, str | os.PathLike):
        return _expand_path(os.fspath(source))
    data = source if isinstance(source, bytes | bytearray | memoryview) else source.read()
    if isinstance(data, str):
        raise _no_source(source)
    return [NamedImage(f"bytes-{index}", bytes(data))]


def _expand_path(text: str) -> list[NamedImage]:
    path = Path(text)
    if not text:  # the path of "" is the working folder, which is never meant
        message = "found an empty name; expected a file, folder or glob"
        return [NamedImage(text, ImageError(message, code="E_IMAGE_MISSING"))]
    if text.startswith(_ADDRESS):
        message = "found an address; expected a file, as nothing is downloaded; download it first"
        return [NamedImage(text, ImageError(message, code="E_IMAGE_MISSING"))]
    if path.is_dir():
        found = _in_folder(path)
    elif not path.exists() and glob.has_magic(text):
        found = [Path(p) for p in sorted(glob.glob(text, recursive=True)) if not Path(p).is_dir()]
    else:
        return [NamedImage(text, path)]
    if not found:
        return [NamedImage(text, _NoImage(f"holds no image ({', '.join(IMAGE_SUFFIXES)})"))]
    return [NamedImage(str(p), p) for p in found]


def _in_folder(folder: Path) -> list[Path]:
    return sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith((*IMAGE_SUFFIXES, *_UNREAD_SUFFIXES)) and not name.startswith(".")
    )


def _no_source(found: object) -> ConfigError:
    return ConfigError(
        f"cannot predict on a {type(found).__name__}; expected a path, folder, glob, bytes, "
        "open binary file, uint8 array or Pillow image."
    )

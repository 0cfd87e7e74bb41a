"""Any supported image file to the RGB pixels of its displayed frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from polyhead.data.colour import to_rgb
from polyhead.data.depth import PixelSpan, pixel_span
from polyhead.data.orientation import exif_orientation, swaps_sides, turned
from polyhead.data.pillow_warnings import pillow_warnings_silenced
from polyhead.data.signature import SIGNATURE_LENGTH, SUFFIXES, image_format
from polyhead.data.source import ImageSource, opened, stopped
from polyhead.errors import ImageError
from polyhead.table.deep_pixels import (
    NO_RANGES,
    PixelRanges,
    deep_values,
    eight_bit_image,
    is_deep,
)

MAX_PIXELS = 25_000_000
"""The default cap on width × height, checked from the header before anything is decoded."""

NOTES = {
    "N_ANIMATED": "holds several frames; only the first is used",
    "N_DEPTH": "holds more than 8 bits a channel; scaled to 8 bits",
    "N_EXIF": "its EXIF block is corrupt; displayed without rotation",
    "N_EXTENSION": "its name ends like another format; read by its content",
}
"""Meaning of each note of a decoded image."""

_DECODERS: dict[str, type[ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "BMP": BmpImageFile,
    "GIF": GifImageFile,
    "TIFF": TiffImageFile,
}


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """A decoded image, as a Pillow image.

    Attributes:
        pixels: The displayed frame, mode `RGB`; smaller than the file's when it was drafted.
        width: Pixels of the full displayed image.
        height: Its height in pixels.
        format: A key of `SUFFIXES`.
        notes: Codes of `NOTES`.
        deep: The numbers as they are stored, as `deep_values` reads them, where the file holds more
            than 8 bits a channel.
    """

    pixels: Image.Image
    width: int
    height: int
    format: str
    notes: tuple[str, ...]
    deep: np.ndarray | None = None

    @property
    def span(self) -> PixelSpan | None:
        """Range of the numbers in `deep`."""
        return None if self.deep is None else pixel_span(self.deep)


@dataclass(frozen=True, eq=False)
class Decoded:
    """The pixels of an image.

    Attributes:
        image: (H, W, 3) uint8 RGB, the displayed frame.
        width: Pixels of the full displayed image, before drafting or resizing.
        height: Its height in pixels.
        notes: Codes of `NOTES`.
        span: Range of the numbers in the file, where these have more than 8 bits a channel.
    """

    image: np.ndarray
    width: int
    height: int
    notes: tuple[str, ...] = ()
    span: PixelSpan | None = None


@dataclass(frozen=True)
class Reading:
    """Options of decoding.

    Attributes:
        at_least: (height, width) that is enough: a JPEG may be decoded at 1/2, 1/4 or 1/8 of its
            size as long as neither side gets shorter than this.
        max_pixels: Cap on width × height.
        ranges: Black and white of the data set, for images with more than 8 bits a channel.
    """

    at_least: tuple[int, int] | None = None
    max_pixels: int = MAX_PIXELS
    ranges: PixelRanges = NO_RANGES


def decode(
    source: ImageSource,
    *,
    at_least: tuple[int, int] | None = None,
    max_pixels: int = MAX_PIXELS,
    ranges: PixelRanges | None = None,
) -> Decoded:
    """Decode the first frame of an image to RGB in its displayed orientation.

    Args:
        source: A path, the bytes of a file, or a seekable stream.
        at_least: (height, width) that is enough, see `Reading`.
        max_pixels: Cap on width × height.
        ranges: What is black and white in deep images; what each file declares when None.

    Raises:
        ImageError: `E_IMAGE_MISSING`, `E_IMAGE_UNREADABLE`, `E_NOT_IMAGE`, `E_TRUNCATED` or
            `E_TOO_LARGE`; nothing else is ever raised for what a file holds.
    """
    loaded = read_image(source, Reading(at_least, max_pixels, ranges or NO_RANGES))
    return Decoded(np.array(loaded.pixels), loaded.width, loaded.height, loaded.notes, loaded.span)


def read_image(source: ImageSource, reading: Reading = Reading()) -> LoadedImage:
    """Decode like `decode`, without the copy into an array."""
    with opened(source) as stream, pillow_warnings_silenced:
        kind = image_format(_first_bytes(stream))
        loaded = _decoded(stream, kind, reading)
    if isinstance(source, str | Path) and is_misnamed(source, kind):
        return replace(loaded, notes=(*loaded.notes, "N_EXTENSION"))
    return loaded


def read_size(source: ImageSource) -> tuple[int, int]:
    """Height and width of the displayed image, from its header alone.

    Raises:
        ImageError: As `decode`, for faults that the header shows.
    """
    with opened(source) as stream, pillow_warnings_silenced:
        kind = image_format(_first_bytes(stream))
        with _damage_named(kind):
            stored = _DECODERS[kind](stream)
            orientation = 1 if kind == "TIFF" else exif_orientation(stored)
            width, height = stored.size[::-1] if swaps_sides(orientation) else stored.size
    return height, width


def is_misnamed(path: str | Path, kind: str) -> bool:
    """Whether a file name ends like another format's than `kind`; unknown endings are fine."""
    ending = PurePath(path).suffix.lower()
    return ending not in SUFFIXES[kind] and any(ending in known for known in SUFFIXES.values())


def _first_bytes(stream: BinaryIO) -> bytes:
    try:
        head = stream.read(SIGNATURE_LENGTH)
        stream.seek(0)
    except OSError as error:
        raise stopped(error) from error
    return head


def _decoded(stream: BinaryIO, kind: str, reading: Reading) -> LoadedImage:
    with _damage_named(kind):
        stored = _DECODERS[kind](stream)
        _refuse_above(reading.max_pixels, stored.size)
        return _displayed(stored, kind, stream, reading)


@contextmanager
def _damage_named(kind: str) -> Iterator[None]:
    """Whatever Pillow raises on a damaged file becomes one typed error."""
    try:
        yield
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(str(error)) from error
    except Exception as error:  # damaged files raise OSError, SyntaxError, struct.error and more
        if isinstance(error, OSError) and error.errno is not None:
            raise stopped(error) from error
        raise ImageError(
            f"the {kind} data is truncated or corrupt ({error}); expected an image that decodes "
            "to its last row; copy or export it again",
            code="E_TRUNCATED",
        ) from error


def _displayed(stored: ImageFile, kind: str, stream: BinaryIO, reading: Reading) -> LoadedImage:
    """Load an opened file, as RGB in its displayed frame."""
    notes = ["N_ANIMATED"] if getattr(stored, "is_animated", False) else []
    stored_size = stored.size
    deep = None
    if is_deep(stored):
        notes.append("N_DEPTH")
        deep = deep_values(stored, lambda: _reopened(stream, kind))
    elif kind == "JPEG" and reading.at_least is not None:
        height, width = reading.at_least
        swapped = swaps_sides(exif_orientation(stored))
        stored.draft(stored.mode, (height, width) if swapped else (width, height))
    stored.load()
    # Pillow turns TIFF files itself, and the tag stays in the file's own tags.
    orientation = 1 if kind == "TIFF" else exif_orientation(stored)
    notes += ["N_EXIF"] if orientation is None else []
    width, height = stored_size[::-1] if swaps_sides(orientation) else stored_size
    shown = stored if deep is None else eight_bit_image(stored, deep, reading.ranges.of(deep))
    return LoadedImage(turned(to_rgb(shown), orientation), width, height, kind, tuple(notes), deep)


def _reopened(stream: BinaryIO, kind: str) -> ImageFile:
    stream.seek(0)
    return _DECODERS[kind](stream)


def _refuse_above(max_pixels: int, size: tuple[int, int]) -> None:
    if size[0] * size[1] > max_pixels:
        raise _too_large(f"{size[0]} × {size[1]} pixels; expected at most {max_pixels:,} in all")


def _too_large(found: str) -> ImageError:
    return ImageError(f"found {found}; scale the image down", code="E_TOO_LARGE")

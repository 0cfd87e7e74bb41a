"""Image files for tests, built in memory: good ones of every kind, and bad ones."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

ORIENTATION = 0x0112


def scene(height: int = 48, width: int = 64) -> np.ndarray:
    """A smooth (H, W, 3) uint8 image whose four corners differ in colour."""
    y, x = np.mgrid[0:height, 0:width]
    channels = (x * 255 / max(width - 1, 1), y * 255 / max(height - 1, 1), 255 - x * 2 % 128)
    return np.stack(channels, axis=2).astype(np.uint8)


def encoded(image: Image.Image | np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of an image file."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def oriented(kind: str, orientation: int, image: np.ndarray) -> bytes:
    """A file whose EXIF asks for an orientation."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
    return encoded(image, kind, exif=exif, **options.get(kind, {}))


def png(header: tuple[int, int, int, int], rows: bytes, *extra: tuple[bytes, bytes]) -> bytes:
    """A PNG written by hand: (width, height, depth, colour type), raw rows, extra chunks."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", *header, 0, 0, 0)), *extra]
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def grey16_png(values: np.ndarray, *extra: tuple[bytes, bytes]) -> bytes:
    """A 16-bit grey PNG, written by hand."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return png((values.shape[1], values.shape[0], 16, 0), rows, *extra)


def bomb() -> bytes:
    """A PNG of a few kB that holds 64 megapixels."""
    return encoded(Image.new("1", (8000, 8000)))


def frames(kind: str) -> bytes:
    """Three frames: red, green, blue."""
    images = [Image.new("RGB", (32, 24), colour) for colour in ("red", "lime", "blue")]
    options = {"WEBP": {"lossless": True}}.get(kind, {})
    return encoded(images[0], kind, save_all=True, append_images=images[1:], **options)


LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"

NOT_IMAGES = {
    "empty": (b"", "zero bytes"),
    "blank": (bytes(4096), "only zero bytes"),
    "html": (b"\n<!DOCTYPE html><html><body>404</body></html>", "HTML"),
    "json": (b'{"error": "not found"}', "JSON"),
    "svg": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "bare_svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "xml": (b'<?xml version="1.0"?><Error/>', "XML"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "EPS"),
    "binary_eps": (b"\xc5\xd0\xd3\xc6" + bytes(60), "EPS"),
    "psd": (b"8BPS\0\1" + bytes(60), "PSD"),
    "pdf": (b"%PDF-1.7\n", "PDF"),
    "lfs": (LFS_POINTER, "git lfs pull"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
    "avif": (b"\0\0\0\x18ftypavif" + bytes(40), "AVIF"),
    "video": (b"\0\0\0\x18ftypisom" + bytes(40), "video"),
    "zip": (b"PK\x03\x04" + bytes(60), "zip"),
    "gzip": (b"\x1f\x8b\x08" + bytes(60), "gzip"),
    "jpeg_xl": (b"\xff\x0a" + bytes(60), "JPEG XL"),
    "jpeg_2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40), "JPEG 2000"),
    "dicom": (bytes(128) + b"DICM" + bytes(40), "DICOM"),
    "macos": (b"\0\5\x16\7" + bytes(60), "macOS"),
    "sound": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), "unknown kind"),
    "text": (b"hello, world", "hello, world"),
}
"""Name to (bytes, words that the error must contain)."""


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

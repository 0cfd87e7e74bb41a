"""Resized images kept on the disk, so that later epochs skip decoding."""

from __future__ import annotations

import hashlib
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from polyhead.data.resize import PREPROCESSING
from polyhead.errors import PolyheadError
from polyhead.files import BINARY, explained

_KEY_LENGTH = 16
_RECORD_LENGTH = _KEY_LENGTH + 4  # key, CRC-32 of the pixels
_BLOCK = 4096  # bytes of a file at its start, middle and end that its key is over
_SPARE = 64 * 2**20  # bytes of the disk that are left to others
ELSEWHERE = "POLYHEAD_CACHE_DIR names another folder, data.cache=false does without."


class ImageCache:
    """N resized images in one file, each with a record that says which image it is.

    The record of a row holds a key over (path, bytes, times of modification and change, a few
    blocks of the file, target size, preprocessing version) and a checksum of the pixels. Pixels are
    written before their record, and both are compared on reading: a changed file, another table or
    a half-written row is a miss, never a wrong image. Any number of processes may share one
    folder.

    Args:
        folder: Folder of the cache; created if missing.
        path_of: The path of a row, such as `Table.path`.
        num: Number of rows.
        size: (height, width) of the resized images.

    Raises:
        PolyheadError: `E_CACHE_SPACE`; the disk has too little room. Or `E_WRITE`.
    """

    def __init__(
        self, folder: Path, path_of: Callable[[int], Path], num: int, size: tuple[int, int]
    ) -> None:
        self._path_of = path_of
        self._shape = (*size, 3)
        self._num_bytes = size[0] * size[1] * 3
        # Key of a row at the time when `get` missed: a file that changes while it is being decoded
        # must not be kept under its new key.
        self._missed: dict[int, bytes] = {}
        with explained("keep resized images in", folder, ELSEWHERE):
            folder.mkdir(parents=True, exist_ok=True)
        stem = f"images-{size[0]}x{size[1]}"
        self._pixels = folder / f"{stem}.pixels"
        self._records = folder / f"{stem}.records"
        _require_space(folder, num * self._num_bytes - _reserved(self._pixels))
        _reserve(self._records, num * _RECORD_LENGTH)
        _reserve(self._pixels, num * self._num_bytes)

    def get(self, row: int) -> np.ndarray | None:
        """The (height, width, 3) uint8 image of a row; None when it must be decoded."""
        key = self._key(row)
        record = _read(self._records, row * _RECORD_LENGTH, _RECORD_LENGTH)
        if key is not None and record[:_KEY_LENGTH] == key:
            pixels = _read(self._pixels, row * self._num_bytes, self._num_bytes)
            if _checksum(pixels) == record[_KEY_LENGTH:]:
                return np.frombuffer(pixels, np.uint8).reshape(self._shape)
        if key is not None:
            self._missed[row] = key
        return None

    def put(self, row: int, image: np.ndarray) -> None:
        """Keep the image that was decoded after `get` missed.

        Raises:
            ValueError: The image is not (height, width, 3) uint8.
        """
        if image.shape != self._shape or image.dtype != np.uint8:
            raise ValueError(
                f"Parameter `image` should be {self._shape} uint8. "
                f"Found shape {image.shape} and type {image.dtype}."
            )
        key = self._missed.pop(row, None) or self._key(row)
        if key is None:
            return  # the file vanished: a later version could not be told apart from it
        pixels = image.tobytes()
        _write(self._pixels, row * self._num_bytes, pixels)
        _write(self._records, row * _RECORD_LENGTH, key + _checksum(pixels))

    def _key(self, row: int) -> bytes | None:
        path = self._path_of(row)
        try:
            version = _version(path)
        except OSError:
            return None  # decoding it raises the error that names it
        text = f"{path}\0{self._shape}\0{PREPROCESSING}\0"
        return hashlib.sha256(os.fsencode(text) + version).digest()[:_KEY_LENGTH]


def _version(path: Path) -> bytes:
    """Bytes that differ where two versions of a file differ, without reading all of it.

    A copy or an unpacked archive keeps size and modification time; the time of change moves on
    then, but in steps of milliseconds and not on every file system: hence some of the bytes.
    """
    # Opening a named pipe with the name of an image must not block.
    flags = os.O_RDONLY | BINARY | getattr(os, "O_NONBLOCK", 0)
    with open(path, "rb", buffering=0, opener=lambda name, _: os.open(name, flags)) as file:
        found = os.fstat(file.fileno())
        size = found.st_size
        blocks = []
        for place in (0, size // 2, max(size - _BLOCK, 0)):
            file.seek(place)
            blocks.append(file.read(_BLOCK))
    times = f"{size}\0{found.st_mtime_ns}\0{found.st_ctime_ns}\0"
    return os.fsencode(times) + b"".join(blocks)


def _checksum(pixels: bytes | bytearray) -> bytes:
    return zlib.crc32(pixels).to_bytes(4, "little")


def _read(path: Path, offset: int, length: int) -> bytearray:
    """Bytes at an offset, fewer when the file ends before; a memory map would crash there."""
    data = bytearray(length)
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        num_read = file.readinto(data) or 0
    return data[:num_read] if num_read < length else data


def _write(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b", buffering=0) as file:
        file.seek(offset)
        file.write(data)


def _reserved(path: Path) -> int:
    if not path.exists():
        return 0
    found = path.stat()
    return found.st_blocks * 512 if hasattr(found, "st_blocks") else found.st_size


def _require_space(folder: Path, num_bytes: int) -> None:
    free = shutil.disk_usage(folder).free - _SPARE
    if num_bytes > free:
        raise PolyheadError(
            f"The image cache needs {num_bytes / 1e9:.1f} GB more in {folder}, "
            f"found {max(free, 0) / 1e9:.1f} GB; free some space, or take a "
            f"smaller image size. {ELSEWHERE}",
            code="E_CACHE_SPACE",
        )


def _reserve(path: Path, num_bytes: int) -> None:
    """Take the disk space now, so that no write fails for lack of it hours later."""
    action = "reserve space for the image cache in"
    with explained(action, path, ELSEWHERE), path.open("ab") as file:
        if file.tell() >= num_bytes:
            return
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, num_bytes)
        else:  # macOS and Windows have no call that reserves
            file.truncate(num_bytes)

"""Where an image's bytes come from: a path, bytes or an open stream."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO, FileIO
from pathlib import Path
from typing import BinaryIO

from polyhead.errors import ImageError

ImageSource = Path | str | bytes | BinaryIO
"""A path (`Path` or `str`), the bytes of a file, or a seekable binary stream."""

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@contextmanager
def opened(source: ImageSource) -> Iterator[BinaryIO]:
    """Open a source at its first byte, and name it in the errors when it is a path.

    Raises:
        ImageError: `E_IMAGE_MISSING` or `E_IMAGE_UNREADABLE`; or what the body raised.
    """
    if isinstance(source, bytes):
        yield BytesIO(source)
    elif isinstance(source, str | Path):
        try:
            with open_image_file(source) as stream:
                yield stream
        except ImageError as error:
            raise ImageError(f"{source}: {error.message}", code=error.code) from error
    else:
        source.seek(0)
        yield source


def open_image_file(path: str | Path) -> BinaryIO:
    """Open a regular file; anything else is refused before it is opened, as a FIFO would block.

    Raises:
        ImageError: `E_IMAGE_MISSING` or `E_IMAGE_UNREADABLE`.
    """
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            raise _unreadable(f"is {_KINDS.get(stat.S_IFMT(mode), 'a special file')}")
        return BufferedReader(FileIO(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ImageError(
            "found no such file; expected an image; mend the path",
            code="E_IMAGE_MISSING",
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise _unreadable(f"cannot be opened ({getattr(error, 'strerror', error)})") from error


def digest_of(stream: BinaryIO) -> bytes:
    """SHA-256 of everything in a stream.

    Raises:
        ImageError: `E_IMAGE_UNREADABLE`; reading stopped.
    """
    digest = hashlib.sha256()
    try:
        stream.seek(0)
        while block := stream.read(2**20):
            digest.update(block)
    except OSError as error:
        raise stopped(error) from error
    return digest.digest()


def stopped(error: OSError) -> ImageError:
    """The error of a file that was opened but cannot be read to its end."""
    return ImageError(
        f"reading stopped ({error.strerror}); expected a readable file; check the disk or network",
        code="E_IMAGE_UNREADABLE",
    )


def _unreadable(found: str) -> ImageError:
    return ImageError(
        f"{found}; expected a readable image file; mend its path or its permissions",
        code="E_IMAGE_UNREADABLE",
    )

"""The folder of resized images that are kept between epochs and runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from polyhead.data import ImageCache
from polyhead.data.cache import ELSEWHERE
from polyhead.errors import PolyheadError
from polyhead.table import IMAGE, Table
from polyhead.table.deep_pixels import NO_RANGES, PixelRanges


def cache_root() -> Path:
    """`POLYHEAD_CACHE_DIR`, or `polyhead` in the user's cache folder.

    Raises:
        PolyheadError: `E_WRITE`; the user has no home folder, as in some containers.
    """
    chosen = os.environ.get("POLYHEAD_CACHE_DIR")
    if chosen:
        return Path(chosen)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "polyhead"
    except RuntimeError as error:
        message = f"Cannot keep resized images: the user has no home folder. {ELSEWHERE}"
        raise PolyheadError(message, code="E_WRITE") from error


def open_cache(table: Table, size: tuple[int, int], ranges: PixelRanges = NO_RANGES) -> ImageCache:
    """The cache of a table's images; another table, order or range gets another folder."""
    digest = hashlib.sha256(os.fsencode(table.root.absolute()))
    for chunk in table.data.column(IMAGE).chunks:
        digest.update("\n".join(chunk.to_pylist()).encode("utf-8", "surrogateescape"))
    if ranges != NO_RANGES:
        digest.update(repr(ranges).encode())
    folder = cache_root() / "pictures" / digest.hexdigest()[:16]
    return ImageCache(folder, table.path, len(table), size)

"""Sizes of images from their headers, without decoding them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from polyhead.data.decode import read_size
from polyhead.errors import ImageError
from polyhead.processors import num_processors


def image_sizes(paths: Sequence[Path]) -> np.ndarray:
    """(N, 2) int32 height and width of the displayed images, 0 where one cannot be read."""
    with ThreadPoolExecutor(num_processors()) as pool:
        sizes = list(pool.map(_size, paths))
    return np.array(sizes, np.int32).reshape(len(paths), 2)


def _size(path: Path) -> tuple[int, int]:
    try:
        return read_size(path)
    except ImageError:
        return 0, 0

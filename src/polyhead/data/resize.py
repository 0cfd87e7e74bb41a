"""The one preprocessing path: decode, then stretch to the network's size.

Training and serving both go through `load_image`, so they see the same bytes.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from polyhead.data.decode import Decoded, Reading, read_image
from polyhead.data.source import ImageSource
from polyhead.table.deep_pixels import NO_RANGES, PixelRanges

PREPROCESSING = "2"
"""Version of the pixels that `load_image` gives; it changes whenever any pixel would."""

_FILTER = Image.Resampling.BICUBIC
# Images far larger than the target are first averaged by a whole factor, down to this many
# times the target: several times faster, and with 2 nearly equal to the filter alone.
_REDUCING_GAP = 2.0


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Stretch an image to exactly `size` by an antialiased bicubic filter.

    Args:
        image: (H, W, 3) uint8.
        size: (height, width), each at least 1.

    Returns:
        (height, width, 3) uint8, a writable array of its own.

    Raises:
        ValueError: The image has another shape or type, or a side of `size` is below 1.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError(
            "Parameter `image` should be a non-empty (H, W, 3) uint8 array. "
            f"Found shape {image.shape} and type {image.dtype}."
        )
    return _stretched(Image.fromarray(np.ascontiguousarray(image)), size)


def load_image(
    source: ImageSource, size: tuple[int, int], ranges: PixelRanges | None = None
) -> Decoded:
    """Decode an image and stretch it to `size`.

    Equals `resize` of `decode(source, at_least=size, ranges=ranges)`, bit for bit.

    Args:
        source: A path, the bytes of a file, or a seekable stream.
        size: (height, width) of the result.
        ranges: What is black and white in deep images; what each file declares when None.

    Returns:
        `image` has shape (height, width, 3); `width` and `height` are those of the displayed file.

    Raises:
        ImageError: As `decode` raises.
        ValueError: A side of `size` is below 1.
    """
    loaded = read_image(source, Reading(at_least=size, ranges=ranges or NO_RANGES))
    pixels = _stretched(loaded.pixels, size)
    return Decoded(pixels, loaded.width, loaded.height, loaded.notes, loaded.span)


def _stretched(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    height, width = size
    if min(size) < 1:
        raise ValueError(f"Parameter `size` should be at least 1 by 1. Found `size = {size}`.")
    return np.array(image.resize((width, height), _FILTER, reducing_gap=_REDUCING_GAP))

"""The image that answers are drawn on: decoded, upright, RGB, of a sensible size."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from polyhead.errors import ImageError, PolyheadError
from polyhead.table.deep_pixels import (
    NO_RANGES,
    PixelRanges,
    deep_channel,
    deep_values,
    eight_bit_image,
    is_deep,
)

SMALLEST = 480
"""Longest side that smaller images are enlarged to, in pixels."""


def shown_image(
    source: Any, image: str, largest: int, ranges: PixelRanges = NO_RANGES
) -> Image.Image:
    """The source of a prediction, ready to be drawn on.

    Args:
        source: Path, bytes, PIL image or (H, W, 3) uint8 array.
        image: How messages call it.
        largest: Longest side that larger images are reduced to, in pixels.
        ranges: What is black and white in sources with more than 8 bits a channel.

    Returns:
        An RGB image.

    Raises:
        PolyheadError: There is no image to draw on.
        ImageError: The image cannot be decoded.
    """
    opened = _opened(source, image, largest, ranges)
    longest = max(opened.size)
    scale = min(max(longest, SMALLEST), largest) / longest
    size = (max(round(opened.width * scale), 1), max(round(opened.height * scale), 1))
    if scale >= 2:  # Show the very pixels that the model saw.
        return opened.resize(size, Image.Resampling.NEAREST)
    return opened.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.5)


def _opened(source: Any, image: str, largest: int, ranges: PixelRanges) -> Image.Image:
    """The source, upright, in RGB."""
    if not isinstance(source, str | Path | bytes | Image.Image | np.ndarray):
        raise PolyheadError(
            f"{image}: found no image to draw on; expected a path, bytes, PIL image "
            "or array as the prediction's source. Predict again with the image at hand."
        )
    try:
        if isinstance(source, np.ndarray):
            return Image.fromarray(source).convert("RGB")
        if isinstance(source, Image.Image):
            return _upright(_in_eight_bits(source, ranges))
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        with Image.open(file) as opened:
            if is_deep(opened):
                with Image.open(file) as again:
                    values = deep_values(opened, lambda: again)
                return _upright(_with_exif(opened, values, ranges))
            # JPEG decodes at a fraction of its size when that is all that is shown.
            opened.draft(None, (largest, largest))
            return _upright(opened)
    except Exception as error:  # Broken files also leak SyntaxError and struct.error.
        raise ImageError(f"{image}: cannot be decoded for drawing: {error}") from error


def _in_eight_bits(opened: Image.Image, ranges: PixelRanges) -> Image.Image:
    opened.load()
    return _with_exif(opened, deep_channel(opened), ranges) if is_deep(opened) else opened


def _with_exif(opened: Image.Image, values: np.ndarray, ranges: PixelRanges) -> Image.Image:
    shown = eight_bit_image(opened, values, ranges.of(values))
    if "exif" in opened.info:
        shown.info["exif"] = opened.info["exif"]
    return shown


def _upright(image: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        backdrop = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(backdrop, upright.convert("RGBA"))
    return upright.convert("RGB")

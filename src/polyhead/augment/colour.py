"""Brightness, contrast and saturation in one pass over the pixels."""

from __future__ import annotations

import operator
from typing import Any

from PIL import Image

GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow converts

Colour = tuple[int, int, int]


def mean_colour(image: Image.Image) -> Colour:
    """Mean red, green and blue of an RGB image, 0 to 255."""
    pixel: Any = image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    return pixel


def recolour(
    image: Image.Image, mean: Colour, brightness: float, contrast: float, saturation: float
) -> Image.Image:
    """Colours become b·(c·(s·x + (1−s)·grey(x)) + (1−c)·mean grey), by one 3×4 matrix.

    Args:
        image: RGB.
        mean: Its mean colour.
        brightness: b; 1 leaves as it is, likewise below.
        contrast: c.
        saturation: s.
    """
    offset = brightness * (1 - contrast) * sum(map(operator.mul, GREY, mean))
    scale = brightness * contrast
    rows = [
        (*(scale * (saturation * (i == j) + (1 - saturation) * GREY[j]) for j in range(3)), offset)
        for i in range(3)
    ]
    return image.convert("RGB", tuple(value for row in rows for value in row))

"""A semantic mask over an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from polyhead.predictions.drawing.palette import Paint, stripes

OPACITY = 0.55
PERIOD = 12  # pixels from stripe to stripe


def draw_mask(image: Image.Image, mask: np.ndarray, class_paints: Sequence[Paint]) -> Image.Image:
    """Lay the colour of each pixel's class over the image, with dark lines between regions.

    The image goes grey below, so that all colour is that of the legend; a pixel without a
    class (such as 255, unknown) stays as it is.

    Args:
        image: RGB, at the size it is shown.
        mask: (H, W) uint8 class indices of any size, stretched to that of the image.
        class_paints: Of each class.

    Returns:
        RGB, of the image's size.
    """
    stretched = Image.fromarray(mask).resize(image.size, Image.Resampling.NEAREST)
    mask = np.asarray(stretched)
    painted = Image.fromarray(_painted(mask, class_paints))
    grey = image.convert("L").convert("RGB")
    coloured = np.array(Image.blend(grey, painted, OPACITY))
    unknown = mask >= len(class_paints)
    coloured[unknown] = np.asarray(image)[unknown]
    coloured[_borders(mask)] //= 3
    return Image.fromarray(coloured)


def _painted(mask: np.ndarray, class_paints: Sequence[Paint]) -> np.ndarray:
    """(H, W, 3) uint8: the paint of each pixel's class; black where it has none."""
    colours, striped = np.zeros((2, 256, 3), dtype=np.uint8)
    patterns = np.zeros(256, dtype=np.uint8)
    for k, paint in enumerate(class_paints):
        colours[k], striped[k], patterns[k] = paint.colour, paint.stripe, paint.pattern
    painted = colours[mask]
    height, width = mask.shape
    for pattern in set(patterns.tolist()) - {0}:
        here = (patterns[mask] == pattern) & stripes(pattern, width, height, PERIOD)
        painted[here] = striped[mask[here]]
    return painted


def _borders(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool: where the pixel to the right or below is of another class."""
    found = np.zeros(mask.shape, dtype=bool)
    found[:, :-1] |= mask[:, :-1] != mask[:, 1:]
    found[:-1] |= mask[:-1] != mask[1:]
    return found

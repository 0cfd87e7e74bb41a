"""A guess at the image size of the network at which boxes and masks keep their detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from polyhead.data import image_sizes

SIDE = 320  # of a square image; other shapes get as many pixels
SMALLEST = 64  # below it the coarsest feature map is a point
STEP = 32  # the coarsest stride: other sides are padded in every feature map
MAX_IMAGES = 200
_MOST = 0.8  # of the images must be of one shape, within this factor:
_SAME_SHAPE = 1.2
_LONGEST = 8.0  # shape that is kept, so that no side gets too long
_SQUARE = 4 / 3  # shapes up to it may be stretched to a square, as photos


@dataclass(frozen=True)
class ImageSize:
    """A guess at `model.image_size`.

    Attributes:
        size: Height and width in pixels.
        reason: One plain sentence with the sizes seen.
    """

    size: tuple[int, int]
    reason: str


def guess_image_size(paths: Sequence[Path]) -> ImageSize:
    """A size of at most `SIDE`² pixels after the headers of some images.

    Small images keep their size, in multiples of `STEP`. Images that are all wider
    or higher than photos keep their shape; others become squares.

    Args:
        paths: The images of the table.
    """
    places = np.linspace(0, len(paths) - 1, min(len(paths), MAX_IMAGES)).round().astype(int)
    sizes = image_sizes([paths[place] for place in places])
    sizes = sizes[(sizes > 0).all(1)]
    if not len(sizes):
        reason = "no image could be read, so the size is the usual one"
        return ImageSize((SIDE, SIDE), reason)
    shape = _shape(sizes)
    side = min(SIDE, float(np.median(np.sqrt(sizes.prod(1, dtype=float)))))
    size = _rounded(side / shape**0.5), _rounded(side * shape**0.5)
    height, width = np.median(sizes, axis=0).round().astype(int).tolist()
    how = "kept" if side < SIDE else f"brought down to the work of {SIDE} × {SIDE}"
    reason = f"the median image has {width} × {height} pixels ({len(sizes):,} measured), {how}"
    return ImageSize(size, f"{reason} in steps of {STEP}; more shows smaller things, and is slower")


def _shape(sizes: np.ndarray) -> float:
    """Width by height that the network sees."""
    shapes = sizes[:, 1] / sizes[:, 0]
    middle = float(np.median(shapes))
    near = np.abs(np.log(shapes / middle)) <= np.log(_SAME_SHAPE)
    is_long = max(middle, 1 / middle) > _SQUARE * 1.01
    if not is_long or near.mean() < _MOST:
        return 1.0
    return min(max(middle, 1 / _LONGEST), _LONGEST)


def _rounded(side: float) -> int:
    return max(SMALLEST, STEP * round(side / STEP))

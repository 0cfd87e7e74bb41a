"""Geometric steps that move an image, its boxes and its mask alike.

Pillow's images take a third of the time of tensors, its masks a tenth of that of `tv_tensors.Mask`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torchvision import tv_tensors
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as v2

from polyhead.augment.colour import Colour
from polyhead.table.mask_sources import UNKNOWN_PIXEL

ASPECT = (0.8, 1.25)  # width to height, of a part against the whole


@dataclass(frozen=True)
class GeometricStep:
    """A `polyhead.tasks.steps.Step` made of torchvision's transforms.

    Attributes:
        change: From an image, a mask or `tv_tensors.BoundingBoxes` to the same kind.
    """

    change: Callable[[Any], Any]

    def image(self, image: Image.Image) -> Image.Image:
        """An RGB image, or a mask of mode L with 255 around it, after the step."""
        return self.change(image)

    def boxes(self, boxes_xyxy: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """(M, 4) float32 boxes after the step, also where they lie outside the image.

        Args:
            boxes_xyxy: In pixels of the image.
            size: Height and width of the image.
        """
        wrap: Any = tv_tensors.BoundingBoxes  # its type takes the constructor for that of a tensor
        boxes = torch.tensor(boxes_xyxy)
        # Without clamping, so that how much of a box was cut off can be computed.
        return self.change(wrap(boxes, format="XYXY", canvas_size=size, clamping_mode=None)).numpy()


class Region(NamedTuple):
    """A part of an image or canvas, in whole pixels."""

    top: int
    left: int
    height: int
    width: int


def draw_region(draw: random.Random, size: tuple[int, int], smallest: float) -> Region:
    """A part of random area, shape and place.

    Args:
        draw: The random generator.
        size: Height and width of the whole.
        smallest: Share of the area that the part has at least; up to all of it.
    """
    height, width = size
    area = draw.uniform(smallest, 1)
    stretch = math.sqrt(math.exp(draw.uniform(math.log(ASPECT[0]), math.log(ASPECT[1]))))
    inner_height = max(1, round(height * min(1.0, math.sqrt(area) / stretch)))
    inner_width = max(1, round(width * min(1.0, math.sqrt(area) * stretch)))
    top, left = draw.randint(0, height - inner_height), draw.randint(0, width - inner_width)
    return Region(top, left, inner_height, inner_width)


def flip() -> GeometricStep:
    """Left becomes right; nothing is lost, but left and right."""
    return GeometricStep(v2.horizontal_flip)


def zoom_in(region: Region, size: tuple[int, int]) -> GeometricStep:
    """Show only a part of the image, at full size: what lies outside it is lost.

    Args:
        region: The part of the image.
        size: Height and width of the image, kept.
    """
    return GeometricStep(partial(_zoom_in, region=region, size=size))


def zoom_out(region: Region, size: tuple[int, int], fill: Colour) -> GeometricStep:
    """Shrink the whole image into a part of the canvas: nothing is lost.

    Args:
        region: The part of the canvas.
        size: Height and width of the canvas.
        fill: Colour around the image; around a mask it is unknown.
    """
    return GeometricStep(partial(_zoom_out, region=region, size=size, fill=fill))


def rotate(degrees: float, size: tuple[int, int], fill: Colour) -> GeometricStep:
    """Rotate about the centre and shrink until every corner is inside: nothing is lost.

    A box becomes the smallest that holds its four rotated corners, looser than the object: its
    sides grow by up to tan|angle| times the other side.

    Args:
        degrees: Clockwise.
        size: Height and width of the image, kept.
        fill: Colour around the image; around a mask it is unknown.
    """
    height, width = size
    sine, cosine = abs(math.sin(math.radians(degrees))), math.cos(math.radians(degrees))
    scale = 1 / (cosine + sine * max(height / width, width / height))
    return GeometricStep(partial(_rotate, degrees=degrees, scale=scale, fill=fill))


def _zoom_in(item: Any, *, region: Region, size: tuple[int, int]) -> Any:
    return _resize(v2.crop(item, *region), size)


def _zoom_out(item: Any, *, region: Region, size: tuple[int, int], fill: Colour) -> Any:
    right = size[1] - region.left - region.width
    bottom = size[0] - region.top - region.height
    small = _resize(item, (region.height, region.width))
    return v2.pad(small, [region.left, region.top, right, bottom], fill=_fill(item, fill))


def _rotate(item: Any, *, degrees: float, scale: float, fill: Colour) -> Any:
    return v2.affine(
        item,
        angle=degrees,
        translate=[0, 0],
        scale=scale,
        shear=[0.0, 0.0],
        interpolation=_interpolation(item),
        fill=_fill(item, fill),
    )


def _resize(item: Any, size: tuple[int, int]) -> Any:
    return v2.resize(item, list(size), interpolation=_interpolation(item))


def _interpolation(item: Any) -> InterpolationMode:
    return InterpolationMode.NEAREST if _is_mask(item) else InterpolationMode.BILINEAR


def _fill(item: Any, colour: Colour) -> Any:
    return UNKNOWN_PIXEL if _is_mask(item) else list(colour)


def _is_mask(item: Any) -> bool:
    return isinstance(item, Image.Image) and item.mode == "L"

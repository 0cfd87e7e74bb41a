"""Random flips, zooms and colours that keep image-level labels true."""

from __future__ import annotations

import math
import random

import numpy as np
import torch
from PIL import Image
from torch import Tensor

AREA, ASPECT = (0.7, 1.0), (0.8, 1.25)  # of the part that is zoomed into
STRENGTH = 0.25  # of brightness, contrast and saturation
GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow converts


class Augmentation:
    """Flip, mild zoom and shift, and colour, drawn from a seed per picture.

    On Pillow's uint8 pictures, which takes a third of the time of the same operations on tensors:
    on a CPU it would otherwise cost more than the training step of a small network.

    Args:
        image_size: Height and width, kept.

    Shapes:
        (H, W, 3) uint8 array -> (3, H, W) uint8 tensor.
    """

    def __init__(self, image_size: tuple[int, int]) -> None:
        self._height, self._width = image_size

    def __call__(self, image: np.ndarray, seed: int) -> Tensor:
        """One draw, the same for the same seed; other generators are left as they are."""
        draw = random.Random(seed)
        box = _draw_box(draw, self._width, self._height)
        size = (self._width, self._height)
        picture = Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, box=box)
        if draw.random() < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        factors = [draw.uniform(1 - STRENGTH, 1 + STRENGTH) for _ in range(3)]
        return to_tensor(np.asarray(recolour(picture, *factors)))


def recolour(
    picture: Image.Image, brightness: float, contrast: float, saturation: float
) -> Image.Image:
    """Colours become b·(c·(s·x + (1−s)·grey(x)) + (1−c)·mean grey), by one 3×4 matrix.

    Args:
        picture: RGB.
        brightness: b; 1 leaves as it is, likewise below.
        contrast: c.
        saturation: s.
    """
    mean = np.asarray(picture.resize((1, 1), Image.Resampling.BOX).convert("L")).item()
    offset = brightness * (1 - contrast) * mean
    scale = brightness * contrast
    rows = [
        (*(scale * (saturation * (i == j) + (1 - saturation) * GREY[j]) for j in range(3)), offset)
        for i in range(3)
    ]
    return picture.convert("RGB", tuple(value for row in rows for value in row))


def to_tensor(image: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 array -> (3, H, W) uint8 tensor."""
    return torch.from_numpy(image.transpose(2, 0, 1).copy())


def _draw_box(draw: random.Random, width: int, height: int) -> tuple[float, float, float, float]:
    """A part of the picture as left, top, right, bottom, of random area, shape and place."""
    area = draw.uniform(*AREA)
    stretch = math.sqrt(math.exp(draw.uniform(math.log(ASPECT[0]), math.log(ASPECT[1]))))
    inner_width = width * min(1.0, math.sqrt(area) * stretch)
    inner_height = height * min(1.0, math.sqrt(area) / stretch)
    left, top = draw.uniform(0, width - inner_width), draw.uniform(0, height - inner_height)
    return left, top, left + inner_width, top + inner_height

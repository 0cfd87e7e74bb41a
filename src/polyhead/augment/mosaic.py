"""Four images as one, for more and smaller objects a step."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from polyhead.augment.geometry import Region, zoom_out
from polyhead.tasks import TaskEncoder
from polyhead.tasks.targets import Size

CENTRE = (0.35, 0.65)  # where the four meet, as a share of height and of width
BLACK = (0, 0, 0)


class Mosaic:
    """Four whole images, each shrunk into a quarter around a random point; nothing is cut.

    Source: Bochkovskiy et al., *YOLOv4*, 2020, where the images are cut instead.

    Args:
        encoders: Task name to the encoder that moves and joins its targets.
    """

    num_images: ClassVar[int] = 4

    def __init__(self, encoders: Mapping[str, TaskEncoder]) -> None:
        self._encoders = encoders

    def __call__(
        self, images: Sequence[tuple[np.ndarray, Mapping[str, Any]]], seed: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """One draw, the same for the same seed.

        Args:
            images: Four times an (H, W, 3) uint8 image, all of one size, and its targets, as
                `Augmentation` takes them; a class of boxes stays known only where all four know it.
            seed: Any whole number.

        Returns:
            The mosaic in the shape of one of the images, and what is true of all of it.
        """
        height, width = images[0][0].shape[:2]
        size = height, width
        tiles = _tiles(random.Random(seed), size)
        steps = [zoom_out(tile, size, BLACK) for tile in tiles]
        placed = [
            np.asarray(step.image(Image.fromarray(image)))
            for step, (image, _) in zip(steps, images, strict=True)
        ]
        targets = {}
        for name in images[0][1]:
            encoder = self._encoders[name]
            moved = [
                encoder.move(its_targets[name], [step], size)
                for step, (_, its_targets) in zip(steps, images, strict=True)
            ]
            targets[name] = encoder.join(moved, overlaid=False)
        return np.maximum.reduce(placed), targets  # black surrounds the image of each tile


def _tiles(draw: random.Random, size: Size) -> list[Region]:
    height, width = size
    middle, centre = round(height * draw.uniform(*CENTRE)), round(width * draw.uniform(*CENTRE))
    return [
        Region(top, left, bottom - top, right - left)
        for top, bottom in ((0, middle), (middle, height))
        for left, right in ((0, centre), (centre, width))
    ]

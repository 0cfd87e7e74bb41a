"""Random flips, zooms, rotations and colours that keep every target true."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from polyhead.augment import geometry
from polyhead.augment.colour import Colour, mean_colour, recolour
from polyhead.augment.geometry import GeometricStep
from polyhead.tasks import TaskEncoder
from polyhead.tasks.targets import Size


class Augmentation:
    """Flip, zoom, rotate and colour, drawn from a seed per image; targets move along.

    Zooming out shrinks the whole image into a part of the canvas, so that every label of the
    image stays true. Zooming in cuts: tags and counts of the whole image may no longer be true of
    what is left, so it is done only where `cuts` allows. Where both are on, each image is zoomed
    one way or the other, with equal probability.

    Args:
        encoders: Task name to the encoder that moves its targets.
        cuts: Whether parts of the image may be cut off: only if no task's labels are true of
            the whole image alone.
        flip: Whether half of the images are mirrored; not where left and right or writing
            matter.
        crop: Share of the image's area that zooming in shows at least; 1: none.
        scale: Share of the canvas that a zoomed-out image fills at least; 1: none.
        rotate: Largest angle in degrees, either way; boxes get looser (see `geometry.rotate`).
        colour: Largest change of brightness, contrast and saturation, as a factor of 1 ± so much.

    Raises:
        ValueError: A parameter is out of its range.
    """

    def __init__(
        self,
        encoders: Mapping[str, TaskEncoder],
        *,
        cuts: bool = False,
        flip: bool = True,
        crop: float = 0.7,
        scale: float = 1.0,
        rotate: float = 0.0,
        colour: float = 0.1,
    ) -> None:
        for name, share in {"crop": crop, "scale": scale}.items():
            if not 0 < share <= 1:
                raise ValueError(f"Parameter `{name}` should be in (0, 1]. Found {share}.")
        if not 0 <= rotate < 45:
            raise ValueError(f"Parameter `rotate` should be in [0, 45). Found {rotate}.")
        if not 0 <= colour < 1:
            raise ValueError(f"Parameter `colour` should be in [0, 1). Found {colour}.")
        self._encoders = encoders
        # Smallest shares of zooming in (True) and out (False); 1 is off.
        self._shares = {True: crop if cuts else 1.0, False: scale}
        self._flip, self._rotate, self._colour = flip, rotate, colour

    def __call__(
        self, image: np.ndarray, targets: Mapping[str, Any], seed: int
    ) -> tuple[Tensor, dict[str, Any]]:
        """One draw, the same for the same seed; other generators are left as they are.

        Args:
            image: (H, W, 3) uint8.
            targets: Task name to target, in pixels of the image.
            seed: Any whole number.

        Returns:
            (3, H, W) uint8 tensor, and the targets of what it shows.
        """
        draw = random.Random(seed)
        height, width = image.shape[:2]
        size, shown = (height, width), Image.fromarray(image)
        mean = mean_colour(shown)
        steps = self._steps(draw, size, mean)
        for step in steps:
            shown = step.image(shown)
        if self._colour:
            factors = [draw.uniform(1 - self._colour, 1 + self._colour) for _ in range(3)]
            shown = recolour(shown, mean, *factors)
        moved = {
            name: self._encoders[name].move(target, steps, size) for name, target in targets.items()
        }
        return to_tensor(np.asarray(shown)), moved

    def _steps(self, draw: random.Random, size: Size, mean: Colour) -> list[GeometricStep]:
        steps = []
        if self._flip and draw.random() < 0.5:
            steps.append(geometry.flip())
        # A zoom that is off takes no part in the choice.
        zooms = [inwards for inwards, share in self._shares.items() if share < 1]
        if zooms:
            steps.append(self._zoom(draw, size, mean, inwards=draw.choice(zooms)))
        if self._rotate:  # last: a cut through a rotated box would leave it too large
            degrees = draw.uniform(-self._rotate, self._rotate)
            steps.append(geometry.rotate(degrees, size, mean))
        return steps

    def _zoom(
        self, draw: random.Random, size: Size, mean: Colour, *, inwards: bool
    ) -> GeometricStep:
        region = geometry.draw_region(draw, size, self._shares[inwards])
        if inwards:
            return geometry.zoom_in(region, size)
        return geometry.zoom_out(region, size, mean)


def to_tensor(image: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 array -> (3, H, W) uint8 tensor."""
    return torch.from_numpy(image.transpose(2, 0, 1).copy())

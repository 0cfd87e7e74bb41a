"""Random flips, zooms, turns and colours that keep every target true."""

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
from polyhead.augment.geometry import Step
from polyhead.augment.spatial_targets import move


class Augmentation:
    """Flip, zoom, turn and colour, drawn from a seed per picture; targets move along.

    Zooming out shrinks the whole picture into a part of the canvas, so that whatever was said of
    the picture stays true. Zooming in cuts: tags and counts of the whole picture may no longer
    be true of what is left, so it is done only where `cuts` allows. Where both are on, each
    picture goes one way or the other, with even chance.

    Args:
        image_size: Height and width, kept.
        cuts: Whether parts of the picture may be cut off: only if no task's labels are true of
            the whole picture alone.
        flip: Whether half of the pictures are mirrored; not where left and right or writing
            matter.
        crop: Share of the picture's area that zooming in shows at least; 1: none.
        scale: Share of the canvas that a zoomed-out picture fills at least; 1: none.
        rotate: Largest angle in degrees, either way; boxes get looser (see `geometry.rotate`).
        colour: Largest change of brightness, contrast and saturation, as a factor of 1 ± so much.

    Raises:
        ValueError: A parameter is out of its range.
    """

    def __init__(
        self,
        image_size: tuple[int, int],
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
        self._size = image_size
        # Smallest shares of zooming in (True) and out (False); 1 is off.
        self._shares = {True: crop if cuts else 1.0, False: scale}
        self._flip, self._rotate, self._colour = flip, rotate, colour

    def __call__(
        self, image: np.ndarray, targets: Mapping[str, Any], seed: int
    ) -> tuple[Tensor, dict[str, Any]]:
        """One draw, the same for the same seed; other generators are left as they are.

        Args:
            image: (H, W, 3) uint8.
            targets: Task name to target; `Boxes` and masks are in pixels of the image.
            seed: Any whole number.

        Returns:
            (3, H, W) uint8 tensor, and the targets of what it shows.
        """
        draw = random.Random(seed)
        picture = Image.fromarray(image)
        mean = mean_colour(picture)
        steps = self._steps(draw, mean)
        for step in steps:
            picture = step(picture)
        if self._colour:
            factors = [draw.uniform(1 - self._colour, 1 + self._colour) for _ in range(3)]
            picture = recolour(picture, mean, *factors)
        moved = {name: move(target, steps, self._size) for name, target in targets.items()}
        return to_tensor(np.asarray(picture)), moved

    def _steps(self, draw: random.Random, mean: Colour) -> list[Step]:
        steps = []
        if self._flip and draw.random() < 0.5:
            steps.append(geometry.flip())
        # A zoom that is off takes no part in the choice.
        zooms = [inwards for inwards, share in self._shares.items() if share < 1]
        if zooms:
            steps.append(self._zoom(draw, mean, inwards=draw.choice(zooms)))
        if self._rotate:  # last: a cut through a turned box would leave it too large
            degrees = draw.uniform(-self._rotate, self._rotate)
            steps.append(geometry.rotate(degrees, self._size, mean))
        return steps

    def _zoom(self, draw: random.Random, mean: Colour, *, inwards: bool) -> Step:
        region = geometry.draw_region(draw, self._size, self._shares[inwards])
        if inwards:
            return geometry.zoom_in(region, self._size)
        return geometry.zoom_out(region, self._size, mean)


def to_tensor(image: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 array -> (3, H, W) uint8 tensor."""
    return torch.from_numpy(image.transpose(2, 0, 1).copy())

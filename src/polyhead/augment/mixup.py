"""Two images shown through each other."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from polyhead.tasks import TaskEncoder

BALANCE = (0.4, 0.6)  # weight of the second image: both stay visible, so both stay true


class Mixup:
    """(1−λ)·a + λ·b of two images, λ in [0.4, 0.6]; what either shows is there.

    A pixel of a mask is known where both images agree. Source: Zhang et al., *Bag of freebies
    for training object detection neural networks*, 2019. It departs from Zhang et al., *mixup*,
    2017: targets stay yes, no or unknown.

    Args:
        encoders: Task name to the encoder that joins its targets.
    """

    num_images: ClassVar[int] = 2

    def __init__(self, encoders: Mapping[str, TaskEncoder]) -> None:
        self._encoders = encoders

    def __call__(
        self, images: Sequence[tuple[np.ndarray, Mapping[str, Any]]], seed: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """One draw, the same for the same seed.

        Args:
            images: Two times an (H, W, 3) uint8 image and its targets, as `Augmentation` takes
                them; a class of boxes stays known only where both know it.
            seed: Any whole number.

        Returns:
            The mixture in the shape of one of the images, and what is true of it.
        """
        (first, its_targets), (second, other_targets) = images
        share = random.Random(seed).uniform(*BALANCE)
        image = np.asarray(Image.blend(Image.fromarray(first), Image.fromarray(second), share))
        targets = {
            name: self._encoders[name].join([target, other_targets[name]], overlaid=True)
            for name, target in its_targets.items()
        }
        return image, targets

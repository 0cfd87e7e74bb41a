"""Two pictures shown through each other."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from polyhead.augment.joined_targets import join_targets
from polyhead.table.mask_sources import UNKNOWN_PIXEL

BALANCE = (0.4, 0.6)  # weight of the second picture: both stay visible, so both stay true


class Mixup:
    """(1−λ)·a + λ·b of two pictures, λ in [0.4, 0.6]; what either shows is there.

    A pixel of a mask is known where both pictures agree. Source: Zhang et al., *Bag of freebies
    for training object detection neural networks*, 2019. It departs from Zhang et al., *mixup*,
    2017: targets stay yes, no or unknown.
    """

    num_pictures: ClassVar[int] = 2

    def __call__(
        self, pictures: Sequence[tuple[np.ndarray, Mapping[str, Any]]], seed: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """One draw, the same for the same seed.

        Args:
            pictures: Two times an (H, W, 3) uint8 image and its targets, as `Augmentation` takes
                them; a class of boxes stays known only where both know it.
            seed: Any whole number.

        Returns:
            The mixture in the shape of one of the pictures, and what is true of it.
        """
        (first, its_targets), (second, other_targets) = pictures
        share = random.Random(seed).uniform(*BALANCE)
        image = np.asarray(Image.blend(Image.fromarray(first), Image.fromarray(second), share))
        return image, join_targets([its_targets, other_targets], _join_masks)


def _join_masks(masks: Sequence[np.ndarray]) -> np.ndarray:
    first, second = masks
    return np.where(first == second, first, UNKNOWN_PIXEL).astype(np.uint8)

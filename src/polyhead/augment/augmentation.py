"""Random flips, zooms and colours that keep image-level labels true."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import v2


class Augmentation:
    """Flip, mild zoom and shift, and colour, drawn from a seed per picture.

    Args:
        image_size: Height and width, kept.

    Shapes:
        (H, W, 3) uint8 array -> (3, H, W) uint8 tensor.
    """

    def __init__(self, image_size: tuple[int, int]) -> None:
        self._moves = v2.Compose(
            [
                v2.RandomHorizontalFlip(0.5),
                v2.RandomResizedCrop(image_size, scale=(0.7, 1.0), ratio=(0.8, 1.25)),
                v2.ColorJitter(brightness=0.25, contrast=0.25, saturation=0.25),
            ]
        )

    def __call__(self, image: np.ndarray, seed: int) -> Tensor:
        """One draw, the same for the same seed; leaves torch's generators as they were."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)  # the CPU's alone: all draws are made there
            return self._moves(to_tensor(image))


def to_tensor(image: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 array -> (3, H, W) uint8 tensor."""
    return torch.from_numpy(image.transpose(2, 0, 1).copy())

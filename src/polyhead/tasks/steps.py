"""Interface of a geometric augmentation step, without PyTorch."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from PIL import Image


class Step(Protocol):
    """One geometric step: a flip, a zoom or a rotation."""

    def image(self, image: Image.Image) -> Image.Image:
        """An RGB image, or a mask of mode L with 255 around it, after the step."""
        ...

    def boxes(self, boxes_xyxy: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """(M, 4) float32 boxes after the step, also where they lie outside the image.

        Args:
            boxes_xyxy: In pixels of the image.
            size: Height and width of the image.
        """
        ...

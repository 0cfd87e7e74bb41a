"""One rendered street image with its exact truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scene:
    """One image and everything that is true of it.

    Attributes:
        image: (H, W, 3) uint8, RGB.
        tags: Every label of `TAGS` to whether the image shows it.
        daytime: One of `DAYTIMES`.
        boxes_xyxy: (M, 4) float32, pixels; the tight box of what is visible of each object.
        box_labels: M labels of `OBJECT_LABELS`.
        mask: (H, W) uint8, index into `MASK_CLASSES`.
        areas: (M,) int64, visible pixels of each object.
        people: Number of boxes labelled person.
        visibility_m: Meteorological visibility in metres: V = 3.912 / β for the extinction β
            (1/m) that the image was drawn with (Koschmieder: 2 % contrast at V).
    """

    image: np.ndarray
    tags: dict[str, bool]
    daytime: str
    boxes_xyxy: np.ndarray
    box_labels: list[str]
    mask: np.ndarray
    areas: np.ndarray
    people: int
    visibility_m: float

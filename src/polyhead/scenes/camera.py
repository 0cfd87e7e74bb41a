"""The pinhole camera above the street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """A level pinhole camera looking along +z; x to the right, y up, ground at y = 0.

    u = centre + focal · x / z,  v = horizon + focal · (height − y) / z.

    Attributes:
        size: Canvas side, in pixels.
        focal: Focal length, in pixels.
        height: Height above the ground, in metres.
        horizon: Row of the horizon, in pixels.
        centre: Column of the optical axis, in pixels.
    """

    size: int
    focal: float
    height: float
    horizon: float
    centre: float

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Column and row, in pixels, of a point in metres (z > 0)."""
        scale = self.focal / z
        return self.centre + scale * x, self.horizon + scale * (self.height - y)

    def scale(self, z: float) -> float:
        """Pixels a metre at depth z."""
        return self.focal / z

    @property
    def nearest(self) -> float:
        """Depth, in metres, of the ground at the lower edge of the canvas."""
        return self.focal * self.height / (self.size - self.horizon)

    def ground_depths(self) -> np.ndarray:
        """(size,) depth in metres of the ground seen at each row; infinite above the horizon."""
        below = np.arange(self.size) + 0.5 - self.horizon
        return np.where(below > 0, self.focal * self.height / np.maximum(below, 1e-6), np.inf)


def draw_camera(size: int, generator: np.random.Generator) -> Camera:
    """A camera as a passer-by or a low pole would hold it."""
    return Camera(
        size=size,
        focal=size * generator.uniform(0.75, 1.05),
        height=generator.uniform(1.7, 3.0),
        horizon=size * generator.uniform(0.36, 0.5),
        centre=size * generator.uniform(0.42, 0.58),
    )

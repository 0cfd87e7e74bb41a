"""The street's plan: a straight road between pavements, seen along it or across it."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from polyhead.scenes.camera import Camera
from polyhead.scenes.canvas import Point

FARTHEST = 26.0  # metres: beyond it a person is a few pixels


@dataclass(frozen=True)
class Street:
    """A plan in street coordinates: s along the road, t across it (0 = its middle), in metres.

    Attributes:
        camera: Who looks.
        along: Whether the camera looks along the road, else across it.
        half_road: Half the road's width.
        pavement: Width of a pavement.
        offset: Where the road's middle is: x when looking along, z when looking across.
        crosswalk: s at which a zebra crossing starts, or None.
    """

    camera: Camera
    along: bool
    half_road: float
    pavement: float
    offset: float
    crosswalk: float | None

    def to_ground(self, s: float, t: float) -> Point:
        """Give x and z, in metres, of a point of the plan."""
        return (t + self.offset, s) if self.along else (s, t + self.offset)

    def to_image(self, s: float, t: float, height: float) -> Point:
        """Column and row, in pixels, of a point above the plan."""
        x, z = self.to_ground(s, t)
        return self.camera.project(x, height, z)

    @property
    def reach(self) -> tuple[float, float]:
        """First and last s to draw."""
        return (self.camera.nearest * 0.8, 220.0) if self.along else (-90.0, 90.0)

    @property
    def front(self) -> float:
        """Distance |t| of the building fronts from the road's middle."""
        return self.half_road + self.pavement

    @property
    def near_edge(self) -> float:
        """The smallest t that is drawn: looking across, the lower edge of the image."""
        return -self.front if self.along else self.camera.nearest * 0.8 - self.offset

    def spots(self, zone: str, num: int, generator: np.random.Generator) -> np.ndarray:
        """Random places in a zone: `road`, `pavement` or `kerb`.

        Returns:
            (num, 2) x and z, in metres.
        """
        t = self._across(zone, num, generator)
        if self.along:
            nearest, farthest = log(self.camera.nearest * 1.1), log(FARTHEST)
            return np.stack([t + self.offset, np.exp(generator.uniform(nearest, farthest, num))], 1)
        z = t + self.offset
        columns = generator.uniform(0.04, 0.96, num) * self.camera.size
        return np.stack([(columns - self.camera.centre) * z / self.camera.focal, z], 1)

    def _across(self, zone: str, num: int, generator: np.random.Generator) -> np.ndarray:
        side = np.where(generator.random(num) < 0.5, -1.0, 1.0)
        share = generator.random(num)
        if zone == "road":
            return side * self.half_road * (0.42 + 0.16 * share)
        if zone == "kerb":
            return side * (self.half_road + 0.35 + 0.45 * share)
        far = self.half_road + 0.3 + (self.pavement - 0.7) * share
        if self.along:
            return side * far
        # Looking across, the near pavement ends where the image does.
        nearest, kerb = self.camera.nearest * 1.04 - self.offset, -self.half_road - 0.3
        return np.where(side < 0, nearest + (kerb - nearest) * share, far)


def draw_street(camera: Camera, crosswalk: bool, generator: np.random.Generator) -> Street:
    """A random plan that the camera sees well."""
    along = bool(generator.random() < 0.5)
    half_road = generator.uniform(3.0, 4.2)
    if along:
        offset = generator.uniform(-1.8, 1.8)
        start = camera.nearest * generator.uniform(1.15, 1.9)
    else:
        offset = camera.nearest * generator.uniform(1.2, 1.75) + half_road
        start = generator.uniform(-0.3, 0.1) * camera.size / camera.scale(offset)
    pavement = generator.uniform(2.6, 4.2)
    return Street(camera, along, half_road, pavement, offset, start if crosswalk else None)

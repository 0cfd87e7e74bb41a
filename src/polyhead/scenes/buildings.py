"""Rows of houses with windows, doors and shops; lit at night."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyhead.scenes.air import Colour, jitter, mix, times
from polyhead.scenes.canvas import Canvas, Point
from polyhead.scenes.ground import SNOW
from polyhead.scenes.street import Street
from polyhead.scenes.vocabulary import mask_id

WALLS: tuple[Colour, ...] = (
    (164, 88, 68),
    (198, 178, 148),
    (150, 150, 154),
    (212, 204, 192),
    (122, 100, 88),
    (188, 150, 104),
    (128, 148, 160),
    (206, 168, 160),
    (96, 98, 108),
)
ROOFS: tuple[Colour, ...] = ((120, 58, 48), (74, 74, 82), (96, 80, 70))
AWNINGS: tuple[Colour, ...] = ((190, 60, 50), (50, 110, 80), (60, 80, 150), (224, 190, 90))
LIT: tuple[Colour, ...] = ((255, 220, 140), (250, 200, 110), (236, 232, 210))
Upright = tuple[float, float, float]
"""A vertical line in the image: its column, the row of its foot, pixels a metre."""

STOREY = 3.1  # metres
FAR_END = 60.0  # metres along the road; beyond it the haze and the road's end take over


@dataclass(frozen=True)
class House:
    """One house of a row, in street coordinates.

    Attributes:
        street: The street it stands at.
        side: −1 or 1, the sign of its t.
        start: First s of its front.
        end: Last s of its front.
        storeys: Number of floors.
        wall: Colour of its walls.
    """

    street: Street
    side: float
    start: float
    end: float
    storeys: int
    wall: Colour

    @property
    def height(self) -> float:
        """Height of the eaves, in metres."""
        return self.storeys * STOREY + 0.8

    @property
    def depth(self) -> float:
        """Mean distance of the front from the camera, in metres."""
        middle = (max(self.start, self.street.reach[0]) + self.end) / 2
        return self.street.to_ground(middle, self.side * self.street.front)[1]

    def front(self, s0: float, y0: float, s1: float, y1: float) -> list[Point]:
        """The corners, in pixels, of a rectangle on the front."""
        t = self.side * self.street.front
        corners = ((s0, y0), (s1, y0), (s1, y1), (s0, y1))
        return [self.street.to_image(s, t, y) for s, y in corners]

    def uprights(self, s0: float, s1: float) -> tuple[Upright, Upright] | None:
        """Two vertical lines on the front, or None when the strip between them is out of sight."""
        if s0 < self.street.reach[0]:
            return None
        camera, t = self.street.camera, self.side * self.street.front
        lines: list[Upright] = []
        for s in (s0, s1):
            x, z = self.street.to_ground(s, t)
            lines.append((*camera.project(x, 0.0, z), camera.scale(z)))
        low, high = sorted((lines[0][0], lines[1][0]))
        if high - low < 2.0 or high < 0 or low > camera.size:
            return None
        return lines[0], lines[1]


def paint_buildings(canvas: Canvas, street: Street, generator: np.random.Generator) -> None:
    """Draw one row (looking across) or two (looking along), far houses first."""
    sides = (1.0, -1.0) if street.along else (1.0,)
    if street.along and generator.random() < 0.25:
        sides = (float(generator.choice([-1.0, 1.0])),)
    houses = [house for side in sides for house in _row(street, side, generator)]
    for house in sorted(houses, key=lambda house: -house.depth):
        _paint_house(canvas, house, generator)


def _row(street: Street, side: float, generator: np.random.Generator) -> list[House]:
    if street.along:
        first, last = street.reach[0], FAR_END
    else:
        depth = street.front + street.offset
        last = 0.62 * street.camera.size / street.camera.scale(depth)
        first = -last
    houses, s = [], first
    gaps = 0.0 if generator.random() < 0.6 else generator.uniform(0.5, 4.0)
    while s < last:
        end = s + generator.uniform(6.0, 12.0)
        wall = jitter(WALLS[generator.integers(len(WALLS))], generator)
        houses.append(House(street, side, s, end, int(generator.integers(1, 6)), wall))
        s = end + gaps * generator.uniform(0.0, 1.0)
    return houses


def _paint_house(canvas: Canvas, house: House, generator: np.random.Generator) -> None:
    identity = mask_id("building")
    shade = canvas.air.shade
    facing_sun = (house.side > 0) == canvas.air.lit_from_left
    wall = times(house.wall, 1.08 if facing_sun else 0.84)
    if house.street.along:
        _paint_gable_wall(canvas, house, times(house.wall, 0.72))
    elif generator.random() < 0.5:
        _paint_roof(canvas, house, generator)
    front = house.front(house.start, 0.0, house.end, house.height)
    canvas.polygon(front, shade(wall, house.depth), identity)
    cornice = house.front(house.start, house.height - 0.35, house.end, house.height)
    edge = mix(times(wall, 0.8), SNOW, canvas.air.snow_cover)
    canvas.polygon(cornice, shade(edge, house.depth), identity)
    shop = generator.random() < 0.5
    _paint_windows(canvas, house, generator, first_storey=1 if shop else 0)
    if shop:
        _paint_shop(canvas, house, generator)


def _paint_gable_wall(canvas: Canvas, house: House, colour: Colour) -> None:
    inner, outer = house.side * house.street.front, house.side * (house.street.front + 9.0)
    corners = ((inner, 0.0), (outer, 0.0), (outer, house.height), (inner, house.height))
    points = [house.street.to_image(house.start, t, y) for t, y in corners]
    depth = max(house.start, 1.0)
    canvas.polygon(points, canvas.air.shade(colour, depth), mask_id("building"))


def _paint_roof(canvas: Canvas, house: House, generator: np.random.Generator) -> None:
    tiles = jitter(ROOFS[generator.integers(len(ROOFS))], generator, 8.0)
    rise, inset = generator.uniform(1.2, 2.8), generator.uniform(0.6, 2.6)
    t = house.side * house.street.front
    outline = (
        (house.start - 0.3, house.height),
        (house.end + 0.3, house.height),
        (house.end - inset, house.height + rise),
        (house.start + inset, house.height + rise),
    )
    points = [house.street.to_image(s, t, y) for s, y in outline]
    colour = mix(tiles, SNOW, canvas.air.snow_cover)
    canvas.polygon(points, canvas.air.shade(colour, house.depth), mask_id("building"))


def _paint_windows(
    canvas: Canvas, house: House, generator: np.random.Generator, *, first_storey: int
) -> None:
    spacing = generator.uniform(1.9, 3.0)
    num = max(1, int((house.end - house.start) / spacing))
    spacing = (house.end - house.start) / num
    wide, high = spacing * generator.uniform(0.4, 0.62), generator.uniform(1.2, 1.8)
    share_lit = generator.uniform(0.25, 0.65) if canvas.air.dark else 0.0
    lit = generator.random((house.storeys, num)) < share_lit
    tone = generator.uniform(0.65, 1.35, (house.storeys, num))
    glass = canvas.air.shade((86, 104, 122), house.depth)
    lamps = [canvas.air.shade(colour, house.depth, glowing=True) for colour in LIT]
    for k in range(num):
        middle = house.start + (k + 0.5) * spacing
        edges = house.uprights(middle - wide / 2, middle + wide / 2)
        if edges is None:
            continue
        for storey in range(first_storey, house.storeys):
            bright, low = float(tone[storey, k]), storey * STOREY + 1.0
            plain = (int(glass[0] * bright), int(glass[1] * bright), int(glass[2] * bright))
            fill = lamps[int(bright * 100) % 3] if lit[storey, k] else plain
            canvas.polygon(_pane(edges, low, low + high), fill, None)


def _pane(edges: tuple[Upright, Upright], low: float, high: float) -> list[Point]:
    (u0, foot0, scale0), (u1, foot1, scale1) = edges
    return [
        (u0, foot0 - scale0 * low),
        (u1, foot1 - scale1 * low),
        (u1, foot1 - scale1 * high),
        (u0, foot0 - scale0 * high),
    ]


def _paint_shop(canvas: Canvas, house: House, generator: np.random.Generator) -> None:
    awning = jitter(AWNINGS[generator.integers(len(AWNINGS))], generator)
    lit = canvas.air.dark and generator.random() < 0.7
    pane: Colour = (250, 224, 164) if lit else (90, 106, 120)
    shade, length = canvas.air.shade, house.end - house.start
    door = house.start + length * generator.uniform(0.1, 0.8)
    window = house.front(house.start + 0.5, 0.5, house.end - 0.5, 2.4)
    canvas.polygon(window, shade(pane, house.depth, glowing=lit), None)
    canvas.polygon(
        house.front(door, 0.0, door + 1.1, 2.4), shade(times(awning, 0.5), house.depth), None
    )
    canvas.polygon(
        house.front(house.start + 0.3, 2.4, house.end - 0.3, 3.0), shade(awning, house.depth), None
    )

"""Placing things so that everything in the labels can be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from polyhead.scenes import creatures, furniture, vehicles
from polyhead.scenes.canvas import Brush, Point
from polyhead.scenes.street import Street

COVERED = 0.4  # largest share of a thing's box behind nearer boxes
TRIES = 32


@dataclass(frozen=True)
class Kind:
    """A kind of thing.

    Attributes:
        draw: Draws it in the unit frame of a brush.
        zones: Where it may stand.
        width: Smallest and largest width, in metres.
        height: Smallest and largest height, in metres.
        smallest: Least height in the image, as a share of the image's height.
        extra: Most further ones beyond the first.
    """

    draw: Callable[[Brush, np.random.Generator], None]
    zones: tuple[str, ...]
    width: tuple[float, float]
    height: tuple[float, float]
    smallest: float
    extra: int


KINDS = {
    "bus": Kind(vehicles.draw_bus, ("road",), (7.5, 9.5), (2.8, 3.2), 0.14, 0),
    "car": Kind(vehicles.draw_car, ("road",), (3.8, 4.6), (1.35, 1.7), 0.1, 3),
    "traffic light": Kind(furniture.draw_traffic_light, ("kerb",), (0.42, 0.5), (3.0, 3.6), 0.3, 1),
    "tree": Kind(furniture.draw_tree, ("pavement", "kerb"), (2.6, 4.2), (3.8, 6.5), 0.25, 4),
    "bicycle": Kind(
        vehicles.draw_bicycle, ("pavement", "kerb"), (1.65, 1.8), (1.05, 1.15), 0.13, 2
    ),
    "person": Kind(creatures.draw_person, ("pavement",), (0.62, 0.72), (1.5, 1.9), 0.2, 5),
    "dog": Kind(creatures.draw_dog, ("pavement",), (0.95, 1.25), (0.65, 0.85), 0.1, 1),
}
"""The tags that stand on the ground, the hardest to place first."""

FACING = {
    "bus": Kind(vehicles.draw_bus_facing, ("road",), (2.4, 2.6), (2.8, 3.2), 0.16, 0),
    "car": Kind(vehicles.draw_car_facing, ("road",), (1.75, 1.95), (1.4, 1.7), 0.1, 3),
}
"""How vehicles look to a camera that looks along the road."""

PROPS = {
    "lamp": Kind(furniture.draw_lamp, ("kerb",), (1.3, 1.6), (4.5, 5.5), 0.3, 2),
    "bin": Kind(furniture.draw_bin, ("pavement",), (0.55, 0.7), (1.0, 1.15), 0.1, 1),
    "post box": Kind(furniture.draw_post_box, ("pavement",), (0.5, 0.6), (1.35, 1.6), 0.12, 1),
    "bench": Kind(furniture.draw_bench, ("pavement",), (1.5, 1.9), (0.8, 0.9), 0.1, 1),
}
"""Things without a tag: colours and outlines like those of things that have one."""


@dataclass(frozen=True)
class Thing:
    """One thing in its place.

    Attributes:
        kind: Its name in `KINDS` or `PROPS`.
        draw: Draws it.
        foot: x and z, in metres.
        size: Width and height, in metres.
        mirrored: Whether it faces left.
    """

    kind: str
    draw: Callable[[Brush, np.random.Generator], None]
    foot: Point
    size: Point
    mirrored: bool


@dataclass
class Layout:
    """Things placed so far on a street, none hidden too much.

    Attributes:
        street: Where they stand.
        things: The things, in the order they were placed.
    """

    street: Street
    things: list[Thing] = field(default_factory=list)
    _boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    _covered: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def place(self, name: str, generator: np.random.Generator) -> bool:
        """Place one more thing of a kind.

        Returns:
            Whether a place was found.
        """
        kind = (KINDS | PROPS | (FACING if self.street.along else {}))[name]
        zone = kind.zones[generator.integers(len(kind.zones))]
        feet = self.street.spots(zone, TRIES, generator)
        size = (generator.uniform(*kind.width), generator.uniform(*kind.height))
        boxes = self._boxes_at(feet, size)
        in_sight = self._in_sight(boxes, kind)
        feet, boxes = feet[in_sight], boxes[in_sight]
        covered = self._covered_with(boxes, feet[:, 1])
        sound = covered.max(axis=1) <= COVERED
        if not sound.any():
            return False
        first = int(sound.argmax())
        x, z = feet[first].tolist()
        mirrored = bool(generator.random() < 0.5)
        self.things.append(Thing(name, kind.draw, (x, z), size, mirrored))
        self._boxes = np.vstack([self._boxes, boxes[first]])
        self._covered = covered[first]
        return True

    def far_to_near(self) -> list[Thing]:
        """The things in painting order."""
        return sorted(self.things, key=lambda thing: -thing.foot[1])

    def _boxes_at(self, feet: np.ndarray, size: Point) -> np.ndarray:
        camera = self.street.camera
        scale = camera.focal / feet[:, 1]
        x, y = camera.centre + scale * feet[:, 0], camera.horizon + scale * camera.height
        half = size[0] * scale / 2
        return np.stack([x - half, y - size[1] * scale, x + half, y], axis=1)

    def _in_sight(self, boxes: np.ndarray, kind: Kind) -> np.ndarray:
        side = self.street.camera.size
        x0, y0, x1, y1 = boxes.T
        inside = np.minimum(x1, side) - np.maximum(x0, 0.0)
        tall = y1 - y0
        above = np.maximum(0.0, -y0) / tall
        return (
            (inside >= 0.72 * (x1 - x0))
            & (y1 <= side * 1.01)
            & (above <= (0.4 if kind.smallest >= 0.25 else 0.0))
            & (kind.smallest * side <= tall)
            & (tall <= 1.05 * side)
        )

    def _covered_with(self, boxes: np.ndarray, depths: np.ndarray) -> np.ndarray:
        """Covered share of each placed thing's box, and last of its own, for each candidate.

        Returns:
            (candidates, things + 1); infinite where a candidate runs into a thing.
        """
        placed = np.array([thing.foot[1] for thing in self.things])
        shared = _intersections(boxes, self._boxes)
        nearer = placed < depths[:, None]
        own = (shared * nearer).sum(axis=1) / _areas(boxes)
        others = self._covered + shared * ~nearer / _areas(self._boxes)
        collides = (shared > 0) & (np.abs(placed - depths[:, None]) < 0.35)
        others[collides] = np.inf
        return np.concatenate([others, own[:, None]], axis=1)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _intersections(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(A, B) shared areas of (A, 4) and (B, 4) boxes."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.clip(high - low, 0.0, None).prod(axis=2)


def lay_out(street: Street, tags: dict[str, bool], generator: np.random.Generator) -> Layout | None:
    """Place one of everything that the tags ask for, then more, then props.

    Returns:
        The layout, or None when something found no place.
    """
    layout = Layout(street)
    wanted = [name for name in KINDS if tags[name]]
    if not all(layout.place(name, generator) for name in wanted):
        return None
    for name in wanted:
        for _ in range(int(generator.integers(0, KINDS[name].extra + 1))):
            layout.place(name, generator)
    for name, kind in PROPS.items():
        for _ in range(int(generator.integers(0, kind.extra + 1))):
            layout.place(name, generator)
    return layout

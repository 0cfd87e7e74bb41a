"""Drawing a colour image and its map of identities with the same strokes."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from polyhead.scenes.air import Air, Colour
from polyhead.scenes.camera import Camera

Point = tuple[float, float]


class Canvas:
    """An image under way: colours, and at each pixel the identity of what is seen there.

    Attributes:
        camera: Where the ground and everything on it appears.
        air: What happens to colours on their way.
        image: RGB image.
        identities: 8-bit image: a mask class, or an instance above them.
        glows: Lamps as (column, row, radius in pixels, colour), added as light at the end.
    """

    def __init__(self, camera: Camera, air: Air) -> None:
        self.camera = camera
        self.air = air
        self.image = Image.new("RGB", (camera.size, camera.size))
        self.identities = Image.new("L", (camera.size, camera.size))
        self.glows: list[tuple[float, float, float, Colour]] = []
        self.ink = ImageDraw.Draw(self.image)
        self.veil = ImageDraw.Draw(self.image, "RGBA")
        self.marker = ImageDraw.Draw(self.identities)

    def polygon(
        self, points: Sequence[Point], colour: tuple[int, int, int], identity: int | None
    ) -> None:
        """Fill a polygon in pixels; without identity it is paint on what is there already."""
        self.ink.polygon(points, fill=colour)
        if identity is not None:
            self.marker.polygon(points, fill=identity)

    def ground(self, corners: Sequence[Point], colour: Colour) -> None:
        """Paint a polygon on the ground, corners as (x, z) in metres, shaded at its mean depth."""
        points = [self.camera.project(x, 0.0, z) for x, z in corners]
        depth = sum(z for _, z in corners) / len(corners)
        self.polygon(points, self.air.shade(colour, depth), None)


class Brush:
    """Draws one upright thing in its own unit frame: x from −0.5 to 0.5, y from 0 (ground) to 1.

    Args:
        canvas: Where to draw.
        foot: x and z of the middle of the thing's foot, in metres.
        size: Width and height of the thing, in metres.
        identity: What the map of identities shows.
        mirrored: Whether left and right change places.
    """

    def __init__(
        self, canvas: Canvas, foot: Point, size: Point, identity: int, *, mirrored: bool = False
    ) -> None:
        self.canvas = canvas
        self.depth = foot[1]
        self.scale = canvas.camera.scale(foot[1])
        self.width, self.height = size[0] * self.scale, size[1] * self.scale
        self.left, self.base = canvas.camera.project(foot[0], 0.0, foot[1])
        self.identity = identity
        self.direction = -self.width if mirrored else self.width

    def at(self, x: float, y: float) -> Point:
        """Column and row, in pixels, of a point of the unit frame."""
        return self.left + x * self.direction, self.base - y * self.height

    def polygon(self, points: Sequence[Point], colour: Colour, *, glowing: bool = False) -> None:
        """Fill a polygon."""
        shade = self.canvas.air.shade(colour, self.depth, glowing=glowing)
        self.canvas.polygon([self.at(x, y) for x, y in points], shade, self.identity)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, colour: Colour, *, glowing: bool = False
    ) -> None:
        """Fill an upright rectangle."""
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, glowing=glowing)

    def disc(
        self, x: float, y: float, radius: float, colour: Colour, *, glowing: bool = False
    ) -> None:
        """Fill a circle; the radius is a share of the height."""
        self._ellipse(
            self.at(x, y), (radius * self.height, radius * self.height), colour, glowing=glowing
        )

    def oval(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Fill an ellipse; half-axes as shares of the width and the height."""
        self._ellipse(self.at(x, y), (width * self.width, height * self.height), colour)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """Draw a line; its width is a share of the height, at least one pixel."""
        shade = self.canvas.air.shade(colour, self.depth)
        path = [self.at(x, y) for x, y in points]
        pixels = max(1, round(width * self.height))
        self.canvas.ink.line(path, fill=shade, width=pixels, joint="curve")
        self.canvas.marker.line(path, fill=self.identity, width=pixels, joint="curve")

    def ring(self, x: float, y: float, radius: float, colour: Colour, width: float) -> None:
        """Draw a circle's rim; radius and width as shares of the height.

        What shows through it counts as the thing's, as annotators outline wheels.
        """
        u, v = self.at(x, y)
        r, pixels = radius * self.height, max(1, round(width * self.height))
        box = (u - r, v - r, u + r, v + r)
        shade = self.canvas.air.shade(colour, self.depth)
        self.canvas.ink.ellipse(box, outline=shade, width=pixels)
        self.canvas.marker.ellipse(box, fill=self.identity)

    def shadow(self, width: float = 0.5, strength: int = 90) -> None:
        """Darken the ground under the thing."""
        u, v = self.at(0.0, 0.0)
        a, b = width * self.width, max(1.0, 0.09 * self.scale * 2)
        self.canvas.veil.ellipse((u - a, v - b, u + a, v + b), fill=(8, 8, 14, strength))

    def glow(self, x: float, y: float, metres: float, colour: Colour) -> None:
        """Let a lamp shine around it, when it is dark enough for lamps."""
        if self.canvas.air.dark:
            u, v = self.at(x, y)
            through = self.canvas.air.transmission(self.depth)
            dimmed = (colour[0] * through, colour[1] * through, colour[2] * through)
            self.canvas.glows.append((u, v, metres * self.scale, dimmed))

    def outline(self) -> int:
        """Pixels of the thing as drawn so far, those that nearer things covered left out."""
        reach = abs(self.direction) + 2
        box = (self.left - reach, self.base - 1.3 * self.height, self.left + reach, self.base + 4)
        side = self.canvas.camera.size
        x0, y0, x1, y1 = (int(min(max(edge, 0), side)) for edge in box)
        return self.canvas.identities.crop((x0, y0, x1, y1)).histogram()[self.identity]

    def _ellipse(
        self, centre: Point, axes: Point, colour: Colour, *, glowing: bool = False
    ) -> None:
        (u, v), (a, b) = centre, axes
        box = (u - a, v - b, u + a, v + b)
        shade = self.canvas.air.shade(colour, self.depth, glowing=glowing)
        self.canvas.ink.ellipse(box, fill=shade)
        self.canvas.marker.ellipse(box, fill=self.identity)

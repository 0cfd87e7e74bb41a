"""Rain and snow, drawn over everything."""

from __future__ import annotations

import numpy as np

from polyhead.scenes.air import mix
from polyhead.scenes.canvas import Canvas


def paint_rain(canvas: Canvas, generator: np.random.Generator) -> None:
    """Slanted streaks over the image and splashes on the ground."""
    size = canvas.camera.size
    num = int(generator.integers(110, 260))
    slant = generator.uniform(-0.45, 0.45)
    r, g, b = (int(max(150, c)) for c in mix(canvas.air.skyline, (255, 255, 255), 0.45))
    starts = generator.uniform((-0.1, -0.1), (1.1, 1.0), (num, 2)) * size
    lengths = generator.uniform(0.04, 0.13, num) * size
    alphas = generator.integers(55, 150, num)
    width = max(1, round(size / 260))
    for (x, y), length, alpha in zip(
        starts.tolist(), lengths.tolist(), alphas.tolist(), strict=True
    ):
        path = (x, y, x + slant * length, y + length)
        canvas.veil.line(path, fill=(r, g, b, alpha), width=width)
    _splashes(canvas, (r, g, b), generator)


def _splashes(canvas: Canvas, colour: tuple[int, int, int], generator: np.random.Generator) -> None:
    size, horizon = canvas.camera.size, canvas.camera.horizon
    places = generator.random((24, 2)).tolist()
    for column, depth in places:
        x, y = column * size, horizon + (0.25 + 0.75 * depth) * (size - horizon)
        a = (0.004 + 0.008 * depth) * size
        canvas.veil.ellipse((x - a, y - a / 3, x + a, y + a / 3), outline=(*colour, 120))


def paint_snowfall(canvas: Canvas, generator: np.random.Generator) -> None:
    """Flakes of all sizes, near ones large and faint."""
    size = canvas.camera.size
    num = int(generator.integers(130, 320))
    places = (generator.random((num, 2)) * size).tolist()
    radii = (generator.beta(1.2, 5.0, num) * 0.014 + 0.0028).tolist()
    for (x, y), share in zip(places, radii, strict=True):
        a = share * size
        alpha = int(235 - 9000 * share)
        canvas.veil.ellipse((x - a, y - a, x + a, y + a), fill=(244, 246, 252, max(90, alpha)))

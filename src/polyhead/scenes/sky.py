"""Painting the sky: gradient, clouds, stars, sun or moon."""

from __future__ import annotations

import numpy as np
from PIL import Image

from polyhead.scenes.air import mix
from polyhead.scenes.canvas import Canvas


def paint_sky(canvas: Canvas, generator: np.random.Generator) -> None:
    """Fill the image with sky; the ground is painted over its lower part."""
    size, horizon = canvas.camera.size, canvas.camera.horizon
    share = np.clip((np.arange(size) + 0.5) / horizon, 0, 1)[:, None] ** 1.2
    rows = np.asarray(canvas.air.zenith) * (1 - share) + np.asarray(canvas.air.skyline) * share
    gradient = Image.fromarray(rows.astype(np.uint8)[:, None, :])
    canvas.image.paste(gradient.resize((size, size), Image.Resampling.NEAREST))
    clear = canvas.air.visibility_m > 150
    if canvas.air.daytime == "night" and clear and generator.random() < 0.6:
        _stars(canvas, generator)
    if clear and generator.random() < 0.3:
        _sun_or_moon(canvas, generator)
    if generator.random() < 0.75:
        _clouds(canvas, generator)


def _stars(canvas: Canvas, generator: np.random.Generator) -> None:
    size, horizon = canvas.camera.size, canvas.camera.horizon
    places = generator.random((int(generator.integers(8, 30)), 2)) * (size, horizon * 0.7)
    dot = max(1, size // 320)
    for x, y in places.tolist():
        canvas.ink.ellipse((x, y, x + dot, y + dot), fill=(190, 194, 210))


def _sun_or_moon(canvas: Canvas, generator: np.random.Generator) -> None:
    size, horizon = canvas.camera.size, canvas.camera.horizon
    x, radius = generator.uniform(0.08, 0.92) * size, generator.uniform(0.02, 0.04) * size
    high = {"day": 0.25, "dusk": 0.8, "night": 0.3}[canvas.air.daytime]
    colour = {"day": (255, 250, 226), "dusk": (255, 206, 130), "night": (226, 226, 214)}
    y = horizon * high
    fill = colour[canvas.air.daytime]
    for wide, alpha in ((2.6, 28), (1.8, 44), (1.35, 70)):
        r = radius * wide
        canvas.veil.ellipse((x - r, y - r, x + r, y + r), fill=(*fill, alpha))
    canvas.ink.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _clouds(canvas: Canvas, generator: np.random.Generator) -> None:
    width, height = canvas.camera.size, int(canvas.camera.horizon) + 1
    coarse = generator.random((4, 6)).astype(np.float32)
    fine = generator.random((10, 14)).astype(np.float32)
    layers = [
        np.asarray(
            Image.fromarray(grid).resize((width // 4, height // 4), Image.Resampling.BICUBIC)
        )
        for grid in (coarse, fine)
    ]
    density = np.clip((layers[0] * 0.7 + layers[1] * 0.3 - generator.uniform(0.35, 0.65)) * 5, 0, 1)
    alpha = (density * generator.uniform(90, 210)).astype(np.uint8)
    mask = Image.fromarray(alpha).resize((width, height), Image.Resampling.BILINEAR)
    bright = {"day": (250, 250, 250), "dusk": (236, 150, 128), "night": (64, 66, 84)}
    colour = mix(bright[canvas.air.daytime], canvas.air.skyline, generator.uniform(0.1, 0.6))
    canvas.image.paste(tuple(int(c) for c in colour), (0, 0, width, height), mask)

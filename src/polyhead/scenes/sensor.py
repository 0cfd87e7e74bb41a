"""From a drawn canvas to what a camera would store: light of lamps, exposure, noise."""

from __future__ import annotations

import numpy as np
from PIL import Image

from polyhead.scenes.air import Colour
from polyhead.scenes.canvas import Canvas


def expose(canvas: Canvas, factor: int, generator: np.random.Generator) -> np.ndarray:
    """Reduce the canvas by `factor` and take the image.

    Exposure, white balance, light across the image and noise vary, so that a mean colour
    tells little.

    Returns:
        (H, W, 3) uint8.
    """
    image = np.asarray(canvas.image.reduce(factor))
    # Planes instead of pixels: fields and grey noise then broadcast over long rows.
    light = image.transpose(2, 0, 1).astype(np.float32, order="C")
    for u, v, radius, colour in canvas.glows:
        _add_halo(light, (u / factor, v / factor), max(1.5, radius / factor), colour)
    gain = generator.uniform(0.78, 1.24) * generator.uniform(0.93, 1.07, 3)
    light *= _uneven(light.shape[-1], generator)
    light *= gain.astype(np.float32)[:, None, None]
    _add_grain(light, generator.uniform(1.5, 7.0) + 2.0 * canvas.air.dark, generator)
    np.clip(light, 0, 255, out=light)
    return np.ascontiguousarray(light.astype(np.uint8).transpose(1, 2, 0))


def _uneven(size: int, generator: np.random.Generator) -> np.ndarray:
    grid = generator.uniform(0.88, 1.1, (4, 4)).astype(np.float32)
    field = Image.fromarray(grid).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(field)


def _add_grain(light: np.ndarray, sigma: float, generator: np.random.Generator) -> None:
    size = light.shape[-1]
    light += generator.standard_normal((size, size), dtype=np.float32) * np.float32(sigma)
    # Colour noise comes in blobs of two pixels, as demosaicing leaves it.
    half = size // 2
    blobs = generator.standard_normal((3, half, half), dtype=np.float32) * np.float32(0.4 * sigma)
    for row in (0, 1):
        for column in (0, 1):
            light[:, row : 2 * half : 2, column : 2 * half : 2] += blobs


def _add_halo(
    light: np.ndarray, centre: tuple[float, float], radius: float, colour: Colour
) -> None:
    (x, y), size = centre, light.shape[-1]
    x0, x1 = max(0, int(x - 2 * radius)), min(size, int(x + 2 * radius) + 1)
    y0, y1 = max(0, int(y - 2 * radius)), min(size, int(y + 2 * radius) + 1)
    if x0 < x1 and y0 < y1:
        across = np.exp(-2 * ((np.arange(x0, x1, dtype=np.float32) - x) / radius) ** 2)
        down = np.exp(-2 * ((np.arange(y0, y1, dtype=np.float32) - y) / radius) ** 2)
        tint = np.asarray(colour, dtype=np.float32)
        light[:, y0:y1, x0:x1] += tint[:, None, None] * (down[:, None] * across)

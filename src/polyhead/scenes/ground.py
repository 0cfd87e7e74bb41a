"""Painting flat things: hills, terrain, pavements, road, markings, crossing, puddles."""

from __future__ import annotations

import numpy as np
from PIL import Image

from polyhead.scenes.air import KOSCHMIEDER, Colour, jitter, mix, times
from polyhead.scenes.canvas import Canvas
from polyhead.scenes.street import Street
from polyhead.scenes.vocabulary import MASK_CLASSES, mask_id

CROSSWALK = len(MASK_CLASSES)  # an identity of its own, so that its visible share can be told
SNOW: Colour = (236, 240, 246)
GRASS: tuple[Colour, ...] = ((106, 138, 72), (132, 146, 84), (160, 142, 98), (88, 116, 66))
SLABS: tuple[Colour, ...] = ((168, 164, 158), (188, 180, 168), (146, 146, 150), (172, 148, 130))
ASPHALT: tuple[Colour, ...] = ((84, 84, 88), (104, 102, 100), (70, 72, 80), (122, 118, 114))
PAINT: Colour = (228, 228, 222)


def paint_ground(canvas: Canvas, street: Street, generator: np.random.Generator) -> None:
    """Paint everything flat, then let the air lie over it."""
    cover = canvas.air.snow_cover
    damp = 0.78 if canvas.air.wet else 1.0
    grass, slab, tar = (
        jitter(choices[generator.integers(len(choices))], generator, 6.0)
        for choices in (GRASS, SLABS, ASPHALT)
    )
    edge_of_sight = generator.uniform(120, 500)
    _hills(canvas, mix(grass, SNOW, cover), edge_of_sight, generator)
    _terrain(canvas, mix(grass, SNOW, cover))
    slab = mix(times(slab, damp), SNOW, cover * 0.85)
    _strip(canvas, street, (street.near_edge, street.front), slab, mask_id("pavement"))
    _joints(canvas, street, times(slab, 0.9))
    tar = mix(times(tar, damp), SNOW, cover * 0.5)
    edge = street.half_road
    for side in (-1, 1):
        kerb = (side * edge, side * (edge + 0.22))
        _strip(canvas, street, kerb, times(slab, 0.8), mask_id("pavement"))
    _strip(canvas, street, (-edge, edge), tar, mask_id("road"))
    if generator.random() < 0.8:
        _dashes(canvas, street, mix(tar, PAINT, generator.uniform(0.4, 0.9)))
    if canvas.air.wet:
        _puddles(canvas, street, generator)
    if street.crosswalk is not None:
        _zebra(canvas, street, street.crosswalk)
    _haze(canvas, edge_of_sight)


def _hills(canvas: Canvas, colour: Colour, depth: float, generator: np.random.Generator) -> None:
    size, horizon = canvas.camera.size, canvas.camera.horizon
    height = generator.uniform(0.01, 0.09) * size
    phase, pace = generator.uniform(0, 6, 2), generator.uniform(2, 7, 2)
    columns = np.linspace(0, size, 25)
    waves = 1 + 0.5 * np.sin(phase[0] + pace[0] * columns / size)
    waves += 0.3 * np.sin(phase[1] + 2 * pace[1] * columns / size)
    crest = list(zip(columns.tolist(), (horizon - height * waves).tolist(), strict=True))
    shade = canvas.air.shade(colour, depth)
    canvas.polygon([*crest, (size, horizon + 2), (0, horizon + 2)], shade, mask_id("terrain"))


def _terrain(canvas: Canvas, colour: Colour) -> None:
    size, horizon = canvas.camera.size, canvas.camera.horizon
    corners = [(0.0, horizon), (size, horizon), (size, size), (0.0, size)]
    canvas.polygon(corners, canvas.air.shade(colour, 0.0), mask_id("terrain"))


def _strip(
    canvas: Canvas, street: Street, band: tuple[float, float], colour: Colour, identity: int
) -> None:
    _patch(canvas, street, street.reach, band, colour, identity)


def _patch(
    canvas: Canvas,
    street: Street,
    length: tuple[float, float],
    band: tuple[float, float],
    colour: Colour,
    identity: int | None = None,
) -> None:
    (s0, s1), (t0, t1) = length, band
    corners = [street.to_image(s, t, 0.0) for s, t in ((s0, t0), (s1, t0), (s1, t1), (s0, t1))]
    canvas.polygon(corners, canvas.air.shade(colour, 0.0), identity)


def _joints(canvas: Canvas, street: Street, colour: Colour) -> None:
    shade = canvas.air.shade(colour, 0.0)
    first, last = (street.reach[0], 18.0) if street.along else (-16.0, 16.0)
    bands = [(street.half_road, street.front), (street.near_edge, -street.half_road)]
    for s in np.arange(first, last, 1.8).tolist():
        for t0, t1 in bands:
            path = [street.to_image(s, t0, 0.0), street.to_image(s, t1, 0.0)]
            canvas.ink.line(path, fill=shade, width=1)


def _dashes(canvas: Canvas, street: Street, colour: Colour) -> None:
    first, last = (street.reach[0], 60.0) if street.along else (-30.0, 30.0)
    for s in np.arange(first, last, 4.0).tolist():
        _patch(canvas, street, (s, s + 2.0), (-0.08, 0.08), colour)


def _zebra(canvas: Canvas, street: Street, start: float) -> None:
    for t in np.arange(-street.half_road + 0.3, street.half_road - 0.4, 1.0).tolist():
        _patch(canvas, street, (start, start + 3.2), (t, t + 0.55), PAINT, CROSSWALK)


def _puddles(canvas: Canvas, street: Street, generator: np.random.Generator) -> None:
    colour = canvas.air.shade(mix(canvas.air.skyline, canvas.air.zenith, 0.3), 0.0, glowing=True)
    zone = "road" if generator.random() < 0.6 else "pavement"
    for x, z in street.spots(zone, int(generator.integers(2, 6)), generator).tolist():
        (u, v), scale = canvas.camera.project(x, 0.0, z), canvas.camera.scale(z)
        a, b = generator.uniform(0.4, 1.1) * scale, generator.uniform(0.05, 0.14) * scale
        canvas.veil.ellipse((u - a, v - b, u + a, v + b), fill=(*colour, 150))


def _haze(canvas: Canvas, farthest: float) -> None:
    # Above the horizon the sky and the hills already have their own colour; the ground ends
    # where the hills begin, so that no seam shows.
    size, top = canvas.camera.size, int(canvas.camera.horizon)
    depths = np.minimum(canvas.camera.ground_depths()[top:], farthest)
    veil = 255 * (1 - np.exp(-KOSCHMIEDER / canvas.air.visibility_m * depths))
    column = Image.fromarray(veil.astype(np.uint8)[:, None])
    mask = column.resize((size, size - top), Image.Resampling.NEAREST)
    far = tuple(int(channel) for channel in canvas.air.skyline)
    canvas.image.paste(far, (0, top, size, size), mask)

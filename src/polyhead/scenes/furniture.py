"""Trees, traffic lights and other things on a pavement, in the unit frame of a brush."""

from __future__ import annotations

import numpy as np

from polyhead.scenes.air import Colour, jitter, mix, times
from polyhead.scenes.canvas import Brush

LEAVES: tuple[Colour, ...] = (
    (70, 120, 52),
    (48, 98, 50),
    (112, 142, 60),
    (196, 120, 44),
    (176, 70, 46),
    (226, 176, 190),
)
BARK: Colour = (92, 70, 52)
SNOW: Colour = (238, 242, 248)
METAL: Colour = (72, 76, 80)
SIGNALS: tuple[Colour, ...] = ((236, 40, 34), (250, 186, 40), (50, 214, 96))


def draw_tree(brush: Brush, generator: np.random.Generator) -> None:
    """A broad-leaved tree or a conifer, with snow where there is snow."""
    leaf = jitter(LEAVES[generator.integers(len(LEAVES))], generator, 12.0)
    brush.shadow(0.3)
    if generator.random() < 0.25:
        _conifer(brush, jitter((40, 88, 60), generator, 10.0))
    else:
        _broadleaf(brush, leaf, generator)


def _conifer(brush: Brush, leaf: Colour) -> None:
    cover = brush.canvas.air.snow_cover
    brush.box(-0.05, 0.0, 0.05, 0.2, BARK)
    for k, (low, wide) in enumerate(((0.14, 0.4), (0.36, 0.31), (0.58, 0.22))):
        high = min(1.0, low + 0.44)
        brush.polygon([(-wide, low), (0.0, high), (wide, low)], times(leaf, 0.9 + 0.12 * k))
        if cover:
            white = mix(leaf, SNOW, cover)
            brush.polygon(
                [(-wide * 0.6, low + 0.17), (0.0, high), (wide * 0.6, low + 0.17), (0, low + 0.24)],
                white,
            )


def _broadleaf(brush: Brush, leaf: Colour, generator: np.random.Generator) -> None:
    brush.polygon([(-0.06, 0.0), (-0.035, 0.5), (0.035, 0.5), (0.06, 0.0)], BARK)
    brush.line([(0.0, 0.36), (-0.16, 0.56)], BARK, 0.02)
    brush.line([(0.0, 0.33), (0.17, 0.54)], BARK, 0.02)
    num = int(generator.integers(8, 13))
    angles = np.linspace(0, 2 * np.pi, num, endpoint=False) + generator.uniform(0, 1)
    spots = [(0.29 * np.cos(a), 0.67 + 0.2 * np.sin(a)) for a in angles]
    spots.sort(key=lambda spot: spot[1])
    cover = brush.canvas.air.snow_cover
    brush.oval(0.0, 0.66, 0.36, 0.24, times(leaf, 0.8))
    bright = -1.0 if brush.canvas.air.lit_from_left else 1.0
    for x, y in [*spots, (0.0, 0.7), (0.1 * bright, 0.74)]:
        tone = 0.95 + 0.9 * (y - 0.66) + 0.3 * bright * x + generator.uniform(-0.07, 0.07)
        shade = mix(times(leaf, tone), SNOW, cover * max(0.0, min(1.0, (y - 0.55) * 3)))
        brush.oval(
            float(x), float(y), generator.uniform(0.12, 0.19), generator.uniform(0.08, 0.13), shade
        )


def draw_traffic_light(brush: Brush, generator: np.random.Generator) -> None:
    """A signal head on a pole, one lamp lit."""
    lit = int(generator.integers(3))
    housing = (38, 42, 40) if generator.random() < 0.7 else (214, 170, 40)
    brush.shadow(0.4, 60)
    brush.box(-0.1, 0.0, 0.1, 0.72, METAL)
    brush.box(-0.5, 0.64, 0.5, 1.0, housing)
    brush.box(-0.4, 0.655, 0.4, 0.985, (18, 20, 20))
    for k, colour in enumerate(SIGNALS):
        y = 0.93 - 0.11 * k
        brush.disc(0.0, y, 0.046, colour if k == lit else times(colour, 0.22), glowing=k == lit)
    brush.glow(0.0, 0.93 - 0.11 * lit, 0.7, times(SIGNALS[lit], 0.6))


def draw_lamp(brush: Brush, generator: np.random.Generator) -> None:
    """A street lamp: a pole like a traffic light's, but no signals."""
    pole = jitter(METAL, generator, 8.0)
    brush.shadow(0.2, 60)
    brush.box(-0.07, 0.0, 0.07, 0.12, pole)
    brush.line([(0.0, 0.0), (0.0, 0.94), (0.12, 0.985), (0.42, 0.985)], pole, 0.022)
    brush.polygon([(0.2, 0.975), (0.5, 0.965), (0.5, 1.0), (0.26, 1.0)], times(pole, 1.2))
    if brush.canvas.air.dark:
        brush.box(0.24, 0.955, 0.48, 0.975, (255, 226, 160), glowing=True)
        brush.glow(0.36, 0.96, 2.2, (190, 140, 70))


def draw_bin(brush: Brush, generator: np.random.Generator) -> None:
    """A wheeled litter bin."""
    colour = jitter(((60, 110, 70), (70, 74, 80), (50, 80, 130))[generator.integers(3)], generator)
    brush.shadow(0.5, 70)
    brush.polygon([(-0.36, 0.05), (-0.46, 0.85), (0.46, 0.85), (0.36, 0.05)], colour)
    brush.polygon([(-0.5, 0.84), (-0.42, 0.97), (0.42, 1.0), (0.5, 0.84)], times(colour, 0.7))
    brush.disc(-0.25, 0.06, 0.06, (24, 24, 26))


def draw_post_box(brush: Brush, generator: np.random.Generator) -> None:
    """A letter box of about a person's height, in a person's colours."""
    colour = jitter(
        ((196, 36, 36), (232, 190, 40), (40, 80, 160))[generator.integers(3)], generator
    )
    brush.shadow(0.5, 70)
    brush.box(-0.38, 0.0, 0.38, 0.9, colour)
    brush.oval(0.0, 0.9, 0.44, 0.08, times(colour, 0.85))
    brush.box(-0.22, 0.74, 0.22, 0.79, (24, 20, 20))
    brush.box(-0.18, 0.5, 0.18, 0.66, (236, 234, 226))


def draw_bench(brush: Brush, generator: np.random.Generator) -> None:
    """A wooden bench."""
    wood = jitter((150, 104, 62), generator)
    brush.shadow(0.5, 60)
    for x in (-0.4, 0.4):
        brush.box(x - 0.03, 0.0, x + 0.03, 0.95, METAL)
    for y in (0.42, 0.66, 0.84):
        brush.box(-0.5, y, 0.5, y + 0.12, times(wood, 0.8 + 0.3 * y))

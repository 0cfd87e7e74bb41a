"""People and dogs, in the unit frame of a brush."""

from __future__ import annotations

import numpy as np

from polyhead.scenes.air import Colour, jitter, times
from polyhead.scenes.canvas import Brush

SKINS: tuple[Colour, ...] = ((240, 206, 176), (216, 168, 130), (160, 110, 78), (98, 66, 48))
CLOTHES: tuple[Colour, ...] = (
    (190, 50, 50),
    (50, 90, 170),
    (60, 130, 80),
    (230, 200, 70),
    (120, 70, 140),
    (235, 235, 230),
    (40, 42, 50),
    (224, 130, 160),
    (150, 120, 90),
)
HAIR: tuple[Colour, ...] = ((40, 30, 26), (96, 62, 36), (200, 166, 96), (150, 150, 150))
COATS: tuple[Colour, ...] = (
    (120, 80, 46),
    (44, 38, 36),
    (216, 190, 150),
    (200, 196, 190),
    (158, 96, 50),
)


def pick(choices: tuple[Colour, ...], generator: np.random.Generator) -> Colour:
    """One of the colours, jittered."""
    return jitter(choices[generator.integers(len(choices))], generator, 12.0)


def draw_person(brush: Brush, generator: np.random.Generator) -> None:
    """A person standing or walking, with or without umbrella."""
    skin, hair = pick(SKINS, generator), pick(HAIR, generator)
    shirt, trousers = pick(CLOTHES, generator), pick(CLOTHES, generator)
    stride = generator.uniform(0.04, 0.26)
    swing = generator.uniform(0.0, 0.16)
    brush.shadow(0.5, 80)
    for side, tone in ((-1, 0.8), (1, 1.0)):
        foot = side * stride
        brush.line(
            [(0.06 * side, 0.48), (foot * 0.7, 0.25), (foot, 0.02)], times(trousers, tone), 0.075
        )
        brush.box(foot - 0.08, 0.0, foot + 0.13, 0.035, (34, 30, 30))
    brush.line(
        [(-0.16, 0.77), (-0.24 - swing, 0.6), (-0.2 - swing, 0.47)], times(shirt, 0.75), 0.055
    )
    if generator.random() < 0.25:  # a skirt or a long coat
        brush.polygon([(-0.16, 0.55), (0.16, 0.55), (0.27, 0.28), (-0.27, 0.28)], shirt)
    brush.polygon([(-0.2, 0.8), (0.2, 0.8), (0.17, 0.46), (-0.17, 0.46)], shirt)
    brush.oval(0.0, 0.8, 0.2, 0.03, shirt)
    brush.box(-0.05, 0.8, 0.05, 0.86, times(skin, 0.85))
    brush.disc(0.0, 0.915, 0.07, skin)
    brush.polygon(
        [(-0.17, 0.9), (-0.16, 0.97), (0.0, 1.0), (0.14, 0.98), (0.16, 0.94), (-0.05, 0.945)], hair
    )
    raining = brush.canvas.air.wet and generator.random() < 0.5
    if raining:
        _umbrella(brush, pick(CLOTHES, generator), shirt)
    else:
        brush.line(
            [(0.16, 0.77), (0.24 + swing, 0.62), (0.28 + swing, 0.48)], times(shirt, 0.88), 0.055
        )
        brush.disc(0.29 + swing, 0.465, 0.025, skin)


def _umbrella(brush: Brush, colour: Colour, sleeve: Colour) -> None:
    brush.line([(0.16, 0.76), (0.34, 0.66), (0.32, 0.8)], times(sleeve, 0.88), 0.055)
    brush.line([(0.32, 0.74), (0.32, 1.15)], (40, 40, 44), 0.016)
    rim = [
        (-0.5, 1.02),
        (-0.42, 1.1),
        (-0.15, 1.18),
        (0.2, 1.21),
        (0.55, 1.17),
        (0.85, 1.09),
        (0.95, 1.02),
    ]
    brush.polygon([*rim, (0.6, 1.06), (0.2, 1.03), (-0.2, 1.06)], colour)


def draw_dog(brush: Brush, generator: np.random.Generator) -> None:
    """A dog from the side."""
    coat = pick(COATS, generator)
    brush.shadow(0.45, 70)
    for x, tone in ((-0.3, 0.7), (0.14, 0.7), (-0.22, 1.0), (0.2, 1.0)):
        lean = generator.uniform(-0.05, 0.05)
        brush.line([(x, 0.45), (x + lean, 0.02)], times(coat, tone), 0.11)
    brush.line([(-0.36, 0.6), (-0.46, 0.75), (-0.49, 0.95)], coat, 0.08)
    brush.polygon(
        [(-0.38, 0.42), (-0.38, 0.68), (-0.3, 0.74), (0.2, 0.72), (0.28, 0.6), (0.24, 0.4)], coat
    )
    brush.polygon([(0.14, 0.66), (0.22, 0.92), (0.36, 0.92), (0.3, 0.55)], coat)
    brush.disc(0.32, 0.86, 0.14, coat)
    brush.polygon([(0.34, 0.92), (0.5, 0.84), (0.5, 0.76), (0.34, 0.74)], times(coat, 0.9))
    brush.disc(0.485, 0.82, 0.035, (20, 18, 18))
    brush.polygon([(0.2, 0.98), (0.27, 0.98), (0.28, 0.72), (0.19, 0.74)], times(coat, 0.6))
    brush.line([(0.22, 0.66), (0.3, 0.6)], (200, 40, 40), 0.05)

"""Cars, buses and bicycles, in the unit frame of a brush; they face right."""

from __future__ import annotations

import numpy as np

from polyhead.scenes.air import Colour, jitter, mix, times
from polyhead.scenes.canvas import Brush

PAINTS: tuple[Colour, ...] = (
    (196, 40, 38),
    (40, 78, 160),
    (226, 226, 222),
    (52, 54, 58),
    (150, 154, 158),
    (232, 186, 50),
    (46, 120, 78),
    (222, 118, 44),
    (120, 42, 70),
    (98, 170, 196),
)
GLASS: Colour = (78, 100, 118)
TYRE: Colour = (26, 26, 28)
RIM: Colour = (150, 152, 156)
HEADLIGHT: Colour = (255, 244, 208)
TAILLIGHT: Colour = (226, 36, 30)


def any_paint(generator: np.random.Generator) -> Colour:
    """A vehicle's colour."""
    return jitter(PAINTS[generator.integers(len(PAINTS))], generator, 16.0)


def draw_car(brush: Brush, generator: np.random.Generator) -> None:
    """A saloon or an estate from the side."""
    paint = any_paint(generator)
    rear = generator.uniform(-0.42, -0.28)
    front, shoulder = generator.uniform(0.08, 0.2), generator.uniform(0.52, 0.6)
    brush.shadow(0.52)
    roof = [
        (rear - 0.06, shoulder),
        (rear + 0.06, 0.98),
        (front - 0.02, 0.98),
        (front + 0.16, shoulder),
    ]
    brush.polygon(roof, times(paint, 0.92))
    brush.polygon(
        [(-0.5, 0.2), (-0.5, 0.5), (-0.46, shoulder), (front + 0.14, shoulder), (0.46, 0.46),
         (0.5, 0.36), (0.5, 0.2)], paint,
    )  # fmt: skip
    glass = mix(GLASS, (210, 225, 240), 0.15)
    middle = (rear + front) / 2 + 0.04
    brush.polygon(
        [(rear - 0.01, shoulder + 0.02), (rear + 0.08, 0.91), (middle - 0.012, 0.91),
         (middle - 0.012, shoulder + 0.02)], glass,
    )  # fmt: skip
    brush.polygon(
        [(middle + 0.012, shoulder + 0.02), (middle + 0.012, 0.91), (front - 0.03, 0.91),
         (front + 0.11, shoulder + 0.02)], glass,
    )  # fmt: skip
    brush.box(-0.5, 0.16, 0.5, 0.25, times(paint, 0.6))
    brush.line([(middle, 0.28), (middle, shoulder)], times(paint, 0.72), 0.012)
    brush.box(middle + 0.02, 0.46, middle + 0.06, 0.48, times(paint, 0.5))
    for x in (-0.3, 0.3):
        _wheel(brush, x, 0.21)
    dark = brush.canvas.air.dark
    brush.box(0.45, 0.36, 0.5, 0.46, HEADLIGHT, glowing=dark)
    brush.box(-0.5, 0.38, -0.465, 0.5, TAILLIGHT, glowing=dark)
    brush.glow(0.5, 0.4, 1.1, (190, 175, 130))


def draw_car_facing(brush: Brush, generator: np.random.Generator) -> None:
    """A car from ahead or from behind."""
    paint = any_paint(generator)
    ahead = bool(generator.random() < 0.5)
    brush.shadow(0.55)
    for x in (-0.38, 0.38):
        brush.box(x - 0.08, 0.0, x + 0.08, 0.3, TYRE)
    brush.polygon([(-0.4, 0.55), (-0.3, 0.97), (0.3, 0.97), (0.4, 0.55)], times(paint, 0.9))
    brush.polygon([(-0.34, 0.58), (-0.26, 0.92), (0.26, 0.92), (0.34, 0.58)], GLASS)
    brush.polygon(
        [(-0.5, 0.16), (-0.5, 0.48), (-0.42, 0.6), (0.42, 0.6), (0.5, 0.48), (0.5, 0.16)], paint
    )
    brush.box(-0.48, 0.14, 0.48, 0.24, times(paint, 0.55))
    brush.box(-0.15, 0.2, 0.15, 0.29, (236, 232, 200) if ahead else (240, 206, 70))
    lamp = HEADLIGHT if ahead else TAILLIGHT
    for x in (-0.38, 0.38):
        brush.box(x - 0.08, 0.36, x + 0.08, 0.47, lamp, glowing=brush.canvas.air.dark)
        brush.glow(x, 0.42, 0.9, (190, 175, 130) if ahead else (130, 16, 12))
    if ahead:
        brush.box(-0.22, 0.34, 0.22, 0.42, times(paint, 0.4))


def draw_bus(brush: Brush, generator: np.random.Generator) -> None:
    """A city bus from the side."""
    paint, stripe = any_paint(generator), any_paint(generator)
    lit = brush.canvas.air.dark
    pane: Colour = (236, 220, 164) if lit else GLASS
    brush.shadow(0.5)
    brush.box(-0.5, 0.09, 0.5, 0.96, paint)
    brush.box(-0.48, 0.94, 0.48, 1.0, times(paint, 0.75))
    brush.box(-0.5, 0.3, 0.5, 0.38, stripe)
    num = int(generator.integers(5, 8))
    step = 0.86 / num
    for k in range(num):
        x = -0.47 + k * step
        brush.box(x, 0.5, x + step * 0.84, 0.84, pane, glowing=lit)
    brush.box(0.41, 0.42, 0.5, 0.86, pane, glowing=lit)
    for x in (-0.1, 0.3):
        brush.box(x, 0.12, x + 0.09, 0.84, times(GLASS, 0.7))
        brush.line([(x + 0.045, 0.12), (x + 0.045, 0.84)], times(paint, 0.6), 0.012)
    brush.box(0.2, 0.87, 0.48, 0.94, (250, 170, 40), glowing=True)
    for x in (-0.3, 0.22):
        _wheel(brush, x, 0.14)
    brush.box(0.475, 0.18, 0.5, 0.25, HEADLIGHT, glowing=lit)
    brush.box(-0.5, 0.2, -0.485, 0.3, TAILLIGHT, glowing=lit)
    brush.glow(0.5, 0.2, 1.3, (190, 175, 130))


def draw_bus_facing(brush: Brush, generator: np.random.Generator) -> None:
    """A city bus from ahead or from behind."""
    paint = any_paint(generator)
    ahead = bool(generator.random() < 0.6)
    lit = brush.canvas.air.dark
    brush.shadow(0.55)
    for x in (-0.36, 0.36):
        brush.box(x - 0.08, 0.0, x + 0.08, 0.15, TYRE)
    brush.box(-0.5, 0.08, 0.5, 0.98, paint)
    brush.box(-0.46, 0.96, 0.46, 1.0, times(paint, 0.7))
    pane: Colour = (206, 196, 156) if lit else GLASS
    low = 0.42 if ahead else 0.55
    brush.box(-0.45, low, 0.45, 0.82, pane, glowing=lit)
    brush.line([(0.0, low), (0.0, 0.82)], times(paint, 0.6), 0.012)
    brush.box(-0.36, 0.85, 0.36, 0.94, (250, 170, 40) if ahead else (30, 30, 34), glowing=ahead)
    brush.box(-0.5, 0.1, 0.5, 0.16, times(paint, 0.5))
    for x in (-0.4, 0.4):
        brush.box(x - 0.07, 0.2, x + 0.07, 0.27, HEADLIGHT if ahead else TAILLIGHT, glowing=lit)
        brush.glow(x, 0.23, 1.0, (190, 175, 130) if ahead else (130, 16, 12))


def draw_bicycle(brush: Brush, generator: np.random.Generator) -> None:
    """A parked bicycle from the side."""
    paint = any_paint(generator)
    if max(paint) < 100:  # a black frame would vanish into its own tyres
        paint = times(paint, 1.8)
    brush.shadow(0.45, 60)
    for x in (-0.31, 0.31):
        brush.ring(x, 0.33, 0.33, TYRE, 0.06)
        brush.ring(x, 0.33, 0.27, (150, 150, 150), 0.015)
    seat, pedal, head = (-0.12, 0.72), (-0.04, 0.33), (0.22, 0.76)
    brush.line([(-0.31, 0.33), seat, head, pedal, seat], paint, 0.06)
    brush.line([(-0.31, 0.33), pedal], paint, 0.06)
    brush.line([(0.31, 0.33), (0.22, 0.76), (0.2, 0.93)], paint, 0.06)
    brush.line([(0.2, 0.93), (0.3, 0.97)], TYRE, 0.06)
    brush.line([seat, (-0.14, 0.84)], TYRE, 0.04)
    brush.polygon([(-0.22, 0.83), (-0.22, 0.9), (-0.06, 0.88), (-0.06, 0.83)], TYRE)


def _wheel(brush: Brush, x: float, radius: float) -> None:
    brush.disc(x, radius, radius, TYRE)
    brush.disc(x, radius, radius * 0.55, RIM)

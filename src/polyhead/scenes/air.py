"""Light and air: how time of day and weather change a colour at a distance."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

Colour = tuple[float, float, float]

KOSCHMIEDER = 3.912  # -ln 0.02: contrast of 2 % at the visibility distance


@dataclass(frozen=True)
class Air:
    """The light of one scene.

    Attributes:
        daytime: One of `DAYTIMES`.
        ambient: Factor on every unlit colour.
        zenith: Colour of the sky overhead.
        skyline: Colour of the sky at the horizon, which distant things fade to.
        visibility_m: Meteorological visibility, in metres.
        lit_from_left: Side of the sun, for shading walls and bodies.
        snow_cover: Share of white on the ground and the roofs.
        wet: Whether the ground is wet.
    """

    daytime: str
    ambient: Colour
    zenith: Colour
    skyline: Colour
    visibility_m: float
    lit_from_left: bool
    snow_cover: float
    wet: bool

    @property
    def dark(self) -> bool:
        """Whether lamps are on."""
        return self.daytime != "day"

    def transmission(self, depth: float) -> float:
        """exp(−β z): the share of light that comes through z metres of air."""
        return exp(-KOSCHMIEDER / self.visibility_m * depth)

    def shade(self, colour: Colour, depth: float, *, glowing: bool = False) -> tuple[int, int, int]:
        """The colour that reaches the camera from `depth` metres, 0 to 255."""
        through = self.transmission(depth)
        far, light = 1.0 - through, (1.0, 1.0, 1.0) if glowing else self.ambient
        # Spelt out for each channel: this is called for every stroke.
        return (
            min(255, int(colour[0] * light[0] * through + self.skyline[0] * far)),
            min(255, int(colour[1] * light[1] * through + self.skyline[1] * far)),
            min(255, int(colour[2] * light[2] * through + self.skyline[2] * far)),
        )


def jitter(colour: Colour, generator: np.random.Generator, amount: float = 14.0) -> Colour:
    """A colour near `colour`."""
    r, g, b = generator.normal(0.0, amount, 3).tolist()
    return (
        min(255.0, max(0.0, colour[0] + r)),
        min(255.0, max(0.0, colour[1] + g)),
        min(255.0, max(0.0, colour[2] + b)),
    )


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with a share of `second`."""
    r, g, b = (a + (c - a) * share for a, c in zip(first, second, strict=True))
    return r, g, b


def times(colour: Colour, factor: float) -> Colour:
    """A brighter or darker colour."""
    return (
        min(255.0, colour[0] * factor),
        min(255.0, colour[1] * factor),
        min(255.0, colour[2] * factor),
    )


def draw_air(tags: dict[str, bool], daytime: str, generator: np.random.Generator) -> Air:
    """The light for these tags: overcast skies and wet or pale ground also come without weather."""
    overcast = 1.0 if tags["fog"] else generator.uniform(0.5, 1.0)
    if not (tags["fog"] or tags["rain"] or tags["snow"]):
        overcast = generator.choice([0.0, generator.uniform(0.0, 1.0)])
    zenith, skyline = _sky_colours(daytime, overcast, generator)
    strength = generator.uniform(
        *{"day": (0.75, 1.05), "dusk": (0.5, 0.72), "night": (0.4, 0.58)}[daytime]
    )
    warmth = {"day": (1.0, 1.0, 1.0), "dusk": (1.12, 0.93, 0.9), "night": (0.9, 0.95, 1.15)}[
        daytime
    ]
    r, g, b = (strength * w for w in warmth)
    return Air(
        daytime=daytime,
        ambient=(r, g, b),
        zenith=zenith,
        skyline=skyline,
        visibility_m=_visibility(tags, daytime, generator),
        lit_from_left=bool(generator.random() < 0.5),
        snow_cover=generator.uniform(0.55, 1.0) if tags["snow"] else 0.0,
        wet=tags["rain"] or bool(generator.random() < 0.15),
    )


def _sky_colours(
    daytime: str, overcast: float, generator: np.random.Generator
) -> tuple[Colour, Colour]:
    clear: dict[str, tuple[Colour, Colour]] = {
        "day": ((74, 130, 208), (198, 220, 238)),
        "dusk": ((74, 68, 122), (244, 158, 98)),
        "night": ((12, 16, 40), (54, 56, 84)),
    }
    grey: dict[str, tuple[Colour, Colour]] = {
        "day": ((160, 166, 174), (206, 208, 210)),
        "dusk": ((96, 92, 108), (176, 140, 126)),
        "night": ((26, 27, 34), (62, 60, 66)),
    }
    spread = 4.0 if daytime == "night" else 8.0
    top, low = (
        jitter(mix(clear[daytime][k], grey[daytime][k], overcast), generator, spread)
        for k in (0, 1)
    )
    return top, low


def _visibility(tags: dict[str, bool], daytime: str, generator: np.random.Generator) -> float:
    # Fog stays below 100 m and everything else above 150 m, so that the tag is never a toss-up.
    if tags["fog"]:
        return generator.uniform(45.0, 95.0)
    low, high = (300.0, 700.0) if tags["rain"] or tags["snow"] else (700.0, 2000.0)
    factor = {"day": 1.0, "dusk": 0.8, "night": 0.55}[daytime]
    return generator.uniform(low, high) * factor

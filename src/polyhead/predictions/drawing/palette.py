"""Colours that are distinct for any colour vision: one a class, the same in every image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor

# Found by search over sRGB of middling lightness after the first three of Okabe and Ito's: each
# pair differs by a CIEDE2000 of at least 12 with normal sight, 9 without red or green cones, 7
# without blue ones (Machado, Oliveira and Fernandes, 2009, severity 1).
COLOURS = (
    "#0077AA",
    "#EE9900",
    "#009977",
    "#DDCCFF",
    "#CC0000",
    "#00FFCC",
    "#FF2266",
    "#8866FF",
    "#5533FF",
    "#CC1199",
    "#BBEE22",
    "#88AAFF",
    "#BB7711",
    "#00CCBB",
    "#447744",
    "#DDCC88",
    "#994466",
    "#33AABB",
    "#BB7799",
    "#88BB99",
)
NUM_PATTERNS = 5  # plain, then stripes in four directions

Rgb = tuple[int, int, int]
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
BACKGROUND = (250, 250, 250)


@dataclass(frozen=True)
class Paint:
    r"""Colour and pattern of one class.

    Attributes:
        colour: Red, green and blue, 0 to 255.
        pattern: 0 is plain; 1 to 4 are stripes: / \ — |.
    """

    colour: Rgb
    pattern: int = 0

    @property
    def ink(self) -> Rgb:
        """Black or white, whichever reads better on the colour."""
        # WCAG's relative luminance; 0.179 gives both inks the same contrast.
        linear = (np.asarray(self.colour) / 255) ** 2.2
        return BLACK if linear @ (0.2126, 0.7152, 0.0722) > 0.179 else WHITE

    @property
    def stripe(self) -> Rgb:
        """The colour of the stripes: halfway to the ink."""
        red, green, blue = ((c + i) // 2 for c, i in zip(self.colour, self.ink, strict=True))
        return red, green, blue

    def swatch(self, width: int, height: int, period: int) -> Image.Image:
        """Colour and pattern as an image of a size, with so many pixels from stripe to stripe."""
        colours = np.array([self.colour, self.stripe], dtype=np.uint8)
        return Image.fromarray(colours[stripes(self.pattern, width, height, period).astype(int)])


def stripes(pattern: int, width: int, height: int, period: int) -> np.ndarray:
    """The stripes of a pattern.

    Args:
        pattern: 0 to 4, as in `Paint`.
        width: In pixels.
        height: In pixels.
        period: Pixels from stripe to stripe, at least 2.

    Returns:
        (height, width) bool; a third of the pixels, or none for the plain pattern.
    """
    rows, columns = np.ogrid[:height, :width]
    across = (0 * rows, rows + columns, columns - rows, rows, columns)[pattern] % period
    # The plain pattern is everywhere at 0, which is never in a stripe.
    return np.broadcast_to(across >= period - max(period // 3, 1), (height, width))


def paints(names: Sequence[str]) -> dict[str, Paint]:
    """A paint for every name, by its place: 20 plain colours, then the same with stripes.

    Args:
        names: Class names; one that comes again keeps its first paint.

    Returns:
        Name to paint; the hundred first differ.
    """
    return {
        name: Paint(rgb(COLOURS[k % len(COLOURS)]), k // len(COLOURS) % NUM_PATTERNS)
        for k, name in enumerate(dict.fromkeys(names))
    }


def rgb(colour: str) -> Rgb:
    """Red, green and blue of a colour written `#RRGGBB`."""
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue

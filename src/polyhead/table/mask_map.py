"""The class of each pixel value or colour of a mask file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

UNKNOWN_PIXEL = 255
UNDECLARED = -1
TRANSPARENT = -1
"""The code of a pixel that nothing shows through, whatever its colour."""

_HEX = re.compile(r"(?:#|0[xX])([0-9a-fA-F]{6})")
_NUMBERS = re.compile(r"[\[(]?\s*(\d{1,3})\s*[,;\s]\s*(\d{1,3})\s*[,;\s]\s*(\d{1,3})\s*[\])]?")
_LOSSY_SHARE = 0.25  # of the way to the next value, as far as JPEG may move a pixel


def colour_code(text: str) -> int:
    """256² · red + 256 · green + blue of a colour as people write it.

    >>> colour_code("128, 0, 0") == colour_code("#800000") == 128 * 256**2
    True

    Raises:
        ValueError: It is no colour.
    """
    plain = text.strip()
    if plain.lower() == "transparent":
        return TRANSPARENT
    found = _HEX.fullmatch(plain)
    if found:
        return int(found[1], 16)
    found = _NUMBERS.fullmatch(plain)
    channels = [int(part) for part in found.groups()] if found else [256]
    if max(channels) > 255:
        raise ValueError(
            f'found the colour "{text}"; expected red, green and blue from 0 to 255 such as '
            '"128,0,0", or "#800000", or transparent'
        )
    return channels[0] << 16 | channels[1] << 8 | channels[2]


def colour_text(code: int) -> str:
    """A colour as the YAML writes it: `128,0,0`."""
    return "transparent" if code == TRANSPARENT else f"{code >> 16},{code >> 8 & 255},{code & 255}"


@dataclass(frozen=True, eq=False)
class MaskMap:
    """From codes, which are pixel values or packed colours, to classes.

    Attributes:
        codes: (M,) int64, in order.
        classes: (M,) int16 index of the class of each, 255 unknown.
        is_colour: Whether codes are colours.
        others_unknown: Whether every other code is unknown, too, instead of a fault.
        is_declared: Whether the user declared the values, and not only the order of classes.
    """

    codes: np.ndarray
    classes: np.ndarray
    is_colour: bool = False
    others_unknown: bool = False
    is_declared: bool = False

    @classmethod
    def in_order(cls, num_classes: int, ignored: Iterable[int] = ()) -> MaskMap:
        """Values are the places of the classes."""
        return cls.of({place: place for place in range(num_classes)}, ignored)

    @classmethod
    def of(cls, places: Mapping[int, int], ignored: Iterable[int] = (), **more: bool) -> MaskMap:
        """From code to class.

        Args:
            places: Code to index of the class.
            ignored: Codes that are unknown; value 255 is, unless it is a class.
            more: The other attributes.
        """
        unknown = {} if more.get("is_colour") else {UNKNOWN_PIXEL: UNKNOWN_PIXEL}
        merged = {**unknown, **dict.fromkeys(ignored, UNKNOWN_PIXEL), **places}
        codes = np.array(sorted(merged), np.int64)
        return cls(codes, np.array([merged[code] for code in codes.tolist()], np.int16), **more)

    def classes_of(self, found: np.ndarray) -> np.ndarray:
        """(H, W) codes -> (H, W) int16 of classes, 255 unknown, -1 neither declared nor ignored."""
        other = UNKNOWN_PIXEL if self.others_unknown else UNDECLARED
        if found.dtype == np.uint8:
            table = np.full(256, other, np.int16)
            is_byte = (self.codes >= 0) & (self.codes < 256)
            table[self.codes[is_byte]] = self.classes[is_byte]
            return table[found]
        place = np.searchsorted(self.codes, found).clip(0, len(self.codes) - 1)
        return np.where(self.codes[place] == found, self.classes[place], np.int16(other))

    def nearest(self, found: np.ndarray) -> np.ndarray:
        """Likewise of (H, W) uint8 greys that JPEG moved: the nearest value that was declared.

        Unknown is what lies further from it than a quarter of the way to the next.
        """
        codes = self.codes[self.classes != UNKNOWN_PIXEL]
        codes = codes[(codes >= 0) & (codes < 256)]
        values = np.arange(256)
        distance = np.abs(values[:, None] - codes)
        gaps = np.abs(codes[:, None] - codes) + 256 * np.eye(len(codes), dtype=np.int64)
        place = distance.argmin(1)
        is_near = distance[values, place] <= _LOSSY_SHARE * gaps.min(1)[place]
        table = np.where(is_near, self.classes_of(codes)[place], np.int16(UNKNOWN_PIXEL))
        return table[found]

    def shown(self, codes: Sequence[int]) -> str:
        """Some codes as the YAML writes them, at most eight."""
        texts = [f'"{colour_text(code)}"' if self.is_colour else str(code) for code in codes[:8]]
        return ", ".join(texts) + (", …" if len(codes) > 8 else "")

"""Images with more than 8 bits a channel: their numbers, and how these become 8 bits.

No file records which number is black and which is white: one of 16 bits may hold 10, 12 or 14,
and a file of floats anything. One range for a whole data set keeps equal numbers equal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

PixelRange = tuple[float, float]
"""The number that becomes black, and the greater one that becomes white."""

_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339  # TIFF tags
_WHITE_IS_ZERO, _SIGNED = 0, 2
_WIDE = ";16"
# Of two raw modes one takes the upper and the other the lower byte of each 16 bits.
_OTHER_BYTE = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
_GREY_ALPHA = "LA;16B"


@dataclass(frozen=True)
class PixelRanges:
    """The ranges of a data set; None where nobody knows one.

    Attributes:
        integers: Of whole numbers.
        floats: Of numbers with fractions.
    """

    integers: PixelRange | None = None
    floats: PixelRange | None = None

    def of(self, values: np.ndarray) -> PixelRange | None:
        """The range of an array's kind of numbers."""
        return self.floats if values.dtype.kind == "f" else self.integers

    def to_dict(self) -> dict[str, list[float] | None]:
        """The ranges by the keys of the config, as files of a model keep them."""
        named = {"pixel_range": self.integers, "float_range": self.floats}
        return {key: None if limits is None else list(limits) for key, limits in named.items()}

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> PixelRanges:
        """The ranges that `to_dict` described."""
        found = (entry["pixel_range"], entry["float_range"])
        integers, floats = (None if pair is None else (pair[0], pair[1]) for pair in found)
        return cls(integers, floats)


NO_RANGES = PixelRanges()
"""For files that each declare their own black and white."""


def is_deep(image: Image.Image) -> bool:
    """Whether an image holds more than 8 bits a channel; wide colours only before loading."""
    return _is_one_channel(image) or _raw_mode(image) is not None


def deep_values(image: ImageFile, reopen: Callable[[], ImageFile]) -> np.ndarray:
    """Load a deep image and read its numbers.

    Pillow keeps the upper byte alone of 16-bit colours, so that these are decoded once more for
    their lower byte.

    Args:
        image: An opened image of `is_deep`, not loaded where it holds colours.
        reopen: Opens the same file again.

    Returns:
        (H, W), or (H, W, C) with C 3, or 4 with alpha: whole numbers or floats.
    """
    raw = _raw_mode(image)
    if raw is None:
        image.load()
        return deep_channel(image)
    again = reopen()
    if raw == _GREY_ALPHA:  # its four bytes a pixel, taken for four channels
        four = _loaded(again, "RGBA").astype(np.uint16)
        image.load()
        grey, alpha = four[..., 0] << 8 | four[..., 1], four[..., 2] << 8 | four[..., 3]
        return np.stack([grey, grey, grey, alpha], axis=2)
    lower = _loaded(again, raw[:-1] + _OTHER_BYTE[raw[-1]])
    image.load()
    return np.asarray(image).astype(np.uint16) << 8 | lower


def deep_channel(image: Image.Image) -> np.ndarray:
    """The numbers of a loaded image of one deep channel."""
    values = np.asarray(image)
    bits, is_signed = _declared(image)
    if image.mode != "F" and bits == 32 and not is_signed:
        values = values.view(np.uint32)  # Pillow holds them in signed integers
    return values


def in_eight_bits(values: np.ndarray, limits: PixelRange) -> np.ndarray:
    """round(255 · (v − low) / (high − low)) as uint8, cut at both ends; what is not finite is 0."""
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        return _table(limits)[values]
    return _scaled(values, limits)


@lru_cache(maxsize=4)
def _table(limits: PixelRange) -> np.ndarray:
    """Of all 16-bit numbers: many times as quick as arithmetic on each pixel."""
    return _scaled(np.arange(2**16), limits)


def _scaled(values: np.ndarray, limits: PixelRange) -> np.ndarray:
    low, high = limits
    scaled = (values.astype(np.float64) - low) * (255 / (high - low))
    scaled = np.nan_to_num(scaled, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def eight_bit_image(
    image: Image.Image, values: np.ndarray, limits: PixelRange | None = None
) -> Image.Image:
    """The numbers of a loaded deep image as 8 bits a channel.

    Args:
        image: Tells what the numbers mean: how many bits the file declares, whether 0 is white,
            which number is transparent.
        values: As `deep_values` reads them.
        limits: Black and white. When None, whole numbers are scaled by the depth that the file
            declares, and floats, which have none, by the image's finite minimum and maximum.

    Returns:
        Mode L or RGB, or RGBA where some of it is transparent.
    """
    colours = values[..., :3] if values.ndim == 3 else values
    scaled = in_eight_bits(colours, limits or _own_range(image, colours))
    if getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        scaled = 255 - scaled
    shown = Image.fromarray(scaled)
    key = image.info.get("transparency")
    if values.ndim == 3 and values.shape[2] == 4:
        alpha = (values[..., 3] >> 8).astype(np.uint8)
    elif isinstance(key, int | tuple):
        is_key = values == key
        alpha = np.where(is_key.all(2) if is_key.ndim == 3 else is_key, 0, 255).astype(np.uint8)
    else:
        return shown
    shown = shown.convert("RGB")
    shown.putalpha(Image.fromarray(alpha))
    return shown


def _own_range(image: Image.Image, values: np.ndarray) -> PixelRange:
    if values.dtype.kind == "f":
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        return low, high if high > low else low + 1.0
    bits, is_signed = _declared(image)
    low = -(2.0 ** (bits - 1)) if is_signed else 0.0
    return low, low + 2**bits - 1


def _is_one_channel(image: Image.Image) -> bool:
    return image.mode == "F" or image.mode.startswith("I")


def _declared(image: Image.Image) -> tuple[int, bool]:
    """Bits a channel, and whether numbers may be negative."""
    tags = getattr(image, "tag_v2", {})
    bits = int(tags.get(_BITS_PER_SAMPLE, (16,))[0])
    return bits, tags.get(_SAMPLE_FORMAT, (1,))[0] == _SIGNED


def _raw_mode(image: Image.Image) -> str | None:
    """How an opened file of 16-bit colours stores them, as Pillow calls it; else None."""
    tiles = getattr(image, "tile", None)
    if not tiles or _is_one_channel(image):
        return None
    args = tiles[0].args
    raw = args if isinstance(args, str) else next(iter(args or ()), None)
    if not isinstance(raw, str) or raw[-4:-1] != _WIDE:
        return None
    return raw if raw == _GREY_ALPHA or raw[:-4] in ("RGB", "RGBA", "RGBX") else None


def _loaded(image: ImageFile, raw: str) -> np.ndarray:
    """The channels of an opened file, as if it stored them in another way."""
    tiles = []
    for tile in image.tile:
        args = raw if isinstance(tile.args, str) else (raw, *tuple(tile.args or ())[1:])
        tiles.append(tile._replace(args=args))
    image.tile = tiles
    image.load()
    return np.asarray(image)

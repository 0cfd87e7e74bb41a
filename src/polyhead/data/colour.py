"""Every colour mode to 8-bit RGB, by one fixed policy.

Transparency is composited on `BACKGROUND`. Integer greys deeper than 8 bits are scaled by their
declared depth, so equal values stay equal across pictures. Float greys have no declared range:
the finite minimum becomes 0 and the finite maximum 255, non-finite pixels become 0. Embedded ICC
profiles are ignored: values are read as sRGB, in training and in serving alike. CMYK is converted
as R = (255 − C)(255 − K) / 255.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from polyhead.errors import ImageError

BACKGROUND = (255, 255, 255)
"""What shows through transparent pixels: white, as on the pages that such pictures are made for."""

_MODES = frozenset({"1", "L", "P", "RGB", "LA", "PA", "RGBA", "CMYK", "YCbCr", "RGBX"})
_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339  # TIFF tags
_WHITE_IS_ZERO, _SIGNED = 0, 2


def is_deep(mode: str) -> bool:
    """Whether a Pillow mode holds one channel deeper than 8 bits."""
    return mode == "F" or mode.startswith("I")


def to_rgb(picture: Image.Image) -> Image.Image:
    """Convert a loaded picture of any mode to `RGB`.

    Raises:
        ImageError: `E_NOT_IMAGE`; the colour mode has no conversion.
    """
    if is_deep(picture.mode):
        return _deep_to_rgb(picture)
    if picture.mode not in _MODES:
        raise ImageError(
            f"found colour mode {picture.mode}; expected grey, RGB, palette or CMYK; "
            "save the picture as RGB",
            code="E_NOT_IMAGE",
        )
    if "transparency" in picture.info or picture.mode in ("LA", "PA", "RGBA"):
        return _composite(_with_alpha(picture))
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _with_alpha(picture: Image.Image) -> Image.Image:
    """The picture as RGBA, its transparent colour turned into an alpha channel."""
    key = picture.info.get("transparency")
    if picture.mode == "RGB" and isinstance(key, tuple) and max(key) > 255:
        # A 16-bit PNG is loaded as its high bytes, but its transparent colour is not.
        picture = picture.copy()
        picture.info["transparency"] = tuple(value >> 8 for value in key)
    return picture.convert("RGBA")


def _composite(picture: Image.Image) -> Image.Image:
    canvas = Image.new("RGB", picture.size, BACKGROUND)
    canvas.paste(picture, mask=picture.getchannel("A"))
    return canvas


def _deep_to_rgb(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture)
    grey = _stretched(values) if picture.mode == "F" else _scaled_by_depth(picture, values)
    if getattr(picture, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        grey = 255 - grey
    rgb = np.repeat(grey[..., None], 3, axis=2)
    key = picture.info.get("transparency")
    if key is not None:
        rgb[values == key] = BACKGROUND
    return Image.fromarray(rgb)


def _scaled_by_depth(picture: Image.Image, values: np.ndarray) -> np.ndarray:
    """Map the whole declared range of the integers to 0–255."""
    tags = getattr(picture, "tag_v2", {})
    bits = int(tags.get(_BITS_PER_SAMPLE, (16,))[0])
    signed = tags.get(_SAMPLE_FORMAT, (1,))[0] == _SIGNED
    if bits == 32 and not signed:
        values = values.view(np.uint32)  # Pillow holds them in signed integers
    low = -(2 ** (bits - 1)) if signed else 0
    scaled = (values.astype(np.float64) - low) * (255 / (2**bits - 1))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _stretched(values: np.ndarray) -> np.ndarray:
    """Map the picture's own finite minimum to 0 and its maximum to 255."""
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    values = np.where(finite, values, values[finite].min()).astype(np.float64)
    low, high = values.min(), values.max()
    span = high - low
    return np.rint((values - low) * (255 / span if span > 0 else 0)).astype(np.uint8)

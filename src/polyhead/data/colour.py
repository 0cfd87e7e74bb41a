"""Every colour mode to 8-bit RGB, by one fixed policy.

Transparency is composited on `BACKGROUND`. What is deeper than 8 bits is brought to 8 bits first
(`table.deep_pixels`). Embedded ICC profiles are ignored: values are read as sRGB, in training
and in serving alike. CMYK is converted as R = (255 − C)(255 − K) / 255.
"""

from __future__ import annotations

from PIL import Image

from polyhead.errors import ImageError

BACKGROUND = (255, 255, 255)
"""What shows through transparent pixels: white, as on the pages that such images are made for."""

_MODES = frozenset({"1", "L", "P", "RGB", "LA", "PA", "RGBA", "CMYK", "YCbCr", "RGBX"})


def to_rgb(picture: Image.Image) -> Image.Image:
    """Convert a loaded image of 8 bits a channel, of any mode, to `RGB`.

    Raises:
        ImageError: `E_NOT_IMAGE`; the colour mode has no conversion.
    """
    if picture.mode not in _MODES:
        raise ImageError(
            f"found colour mode {picture.mode}; expected grey, RGB, palette or CMYK; "
            "save the image as RGB",
            code="E_NOT_IMAGE",
        )
    if "transparency" in picture.info or picture.mode in ("LA", "PA", "RGBA"):
        return _composite(_with_alpha(picture))
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _with_alpha(picture: Image.Image) -> Image.Image:
    """The image as RGBA, its transparent colour turned into an alpha channel."""
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

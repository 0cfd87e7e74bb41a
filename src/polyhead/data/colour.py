"""Every colour mode to 8-bit RGB, by one fixed policy.

Transparency is composited on `BACKGROUND`. What is deeper than 8 bits is brought to 8 bits first
(`table.deep_pixels`). Embedded ICC profiles are ignored: values are read as sRGB, in training
and in serving alike. CMYK is converted as R = (255 − C)(255 − K) / 255.
"""

from __future__ import annotations

from PIL import Image

from polyhead.errors import ImageError

BACKGROUND = (255, 255, 255)
"""Background of transparent pixels: white, as on the pages that such images are made for."""

_MODES = frozenset({"1", "L", "P", "RGB", "LA", "PA", "RGBA", "CMYK", "YCbCr", "RGBX"})


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert a loaded image of 8 bits a channel, of any mode, to `RGB`.

    Raises:
        ImageError: `E_NOT_IMAGE`; the colour mode has no conversion.
    """
    if image.mode not in _MODES:
        raise ImageError(
            f"found colour mode {image.mode}; expected grey, RGB, palette or CMYK; "
            "save the image as RGB",
            code="E_NOT_IMAGE",
        )
    if "transparency" in image.info or image.mode in ("LA", "PA", "RGBA"):
        return _composite(_with_alpha(image))
    return image if image.mode == "RGB" else image.convert("RGB")


def _with_alpha(image: Image.Image) -> Image.Image:
    """The image as RGBA, its transparent colour turned into an alpha channel."""
    key = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(key, tuple) and max(key) > 255:
        # A 16-bit PNG is loaded as its high bytes, but its transparent colour is not.
        image = image.copy()
        image.info["transparency"] = tuple(value >> 8 for value in key)
    return image.convert("RGBA")


def _composite(image: Image.Image) -> Image.Image:
    canvas = Image.new("RGB", image.size, BACKGROUND)
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas

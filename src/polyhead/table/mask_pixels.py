"""Mask files as codes: pixel values, or colours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from polyhead.errors import ImageError
from polyhead.table.deep_pixels import is_deep
from polyhead.table.mask_map import TRANSPARENT, colour_text
from polyhead.table.named_files import is_file

MAX_PIXELS = 25_000_000  # of a mask whose image cannot be read, so that no size is expected

_FORMATS = ("PNG", "TIFF", "BMP", "GIF", "JPEG", "WEBP")
_LOSSY = ("JPEG", "MPO", "WEBP")
_INDEX_MODES = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L", "F")
_NEARLY_GREY = 12  # between the channels of a grey JPEG
_MAX_NAMED = 4


@dataclass(frozen=True, eq=False)
class MaskPixels:
    """The codes of one mask file.

    Attributes:
        codes: (H, W) integers: values as they are, or 256² · red + 256 · green + blue.
        is_lossy: Whether values moved when the file was packed.
        mode: What kind of image it is, in Pillow's words.
    """

    codes: np.ndarray
    is_lossy: bool
    mode: str


def read_mask(
    path: Path, size: tuple[int, int] = (0, 0), *, in_colours: bool = False, lossy: bool = False
) -> MaskPixels:
    """The codes of a mask file.

    Grey stored as RGB or RGBA is read as the grey; palettes as their indices, or as the colours
    that they show where colours are asked for.

    Args:
        path: The file.
        size: Height and width that are expected; (0, 0) when nobody knows.
        in_colours: Whether codes are colours.
        lossy: Whether a file whose values moved may be read.

    Raises:
        ImageError: `E_MASK_MISSING`, `E_MASK_FORMAT` or `E_MASK_SIZE`.
    """
    if not is_file(path):
        raise ImageError(f"the mask {path} does not exist; mend its path", code="E_MASK_MISSING")
    try:
        with Image.open(path, formats=_FORMATS) as image:
            is_lossy = image.format in _LOSSY
            if is_lossy:
                _refuse_lossy(path, image, in_colours=in_colours, lossy=lossy)
            _check_depth(path, image)
            _check_size(path, image.size, size)
            codes = _colours(path, image) if in_colours else _values(path, image, is_lossy)
            return MaskPixels(codes, is_lossy, image.mode)
    except ImageError:
        raise
    except Exception as error:  # damaged files raise OSError, SyntaxError, struct.error and more
        raise _unfit(
            f"the mask {path} cannot be read ({error}); expected a PNG (or TIFF, BMP, GIF) of "
            "class indices, without loss as JPEG has it; write it again"
        ) from error


def _unfit(message: str) -> ImageError:
    return ImageError(message, code="E_MASK_FORMAT")


def _values(path: Path, image: Image.Image, is_lossy: bool) -> np.ndarray:
    if image.mode in _INDEX_MODES:
        values = np.array(image)
        if values.dtype == bool:
            return values.astype(np.uint8)
        if image.mode != "F":
            return values
        whole = np.rint(values)
        if (whole == values).all():
            return whole.astype(np.int32)
        raise _unfit(f"the mask {path} holds fractions; expected whole numbers; write them so")
    channels = _opaque(path, image)
    apart = int(np.ptp(channels, axis=2).max())
    if is_lossy and apart > _NEARLY_GREY:
        raise _unfit(
            f"the mask {path} is a {image.format} image in colours, whose packing changes "
            "them; expected a PNG (or TIFF, BMP, GIF), without loss; write the mask as PNG"
        )
    if apart and not is_lossy:
        raise _unfit(
            f"the mask {path} is a colour image (mode {image.mode}) with the colours "
            f"{_named(channels)}; expected one channel whose values are the indices of `classes`; "
            "say which colour is which class, as "
            '`colours: {"0,0,0": background, "128,0,0": road}`, '
            "or replace each colour by the index of its class"
        )
    return channels[..., 1]


def _colours(path: Path, image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I") or image.mode == "F":
        raise _unfit(
            f"the mask {path} holds numbers (mode {image.mode}), not the colours that `colours` "
            "names; say which number is which class in `values` instead"
        )
    channels, alpha = _channels(image)
    if alpha is not None and ((alpha > 0) & (alpha < 255)).any():
        raise _half_transparent(path)
    wide = channels.astype(np.int32)
    codes = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return codes if alpha is None else np.where(alpha == 0, TRANSPARENT, codes)


def _channels(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """(H, W, 3) red, green and blue, and the alpha channel where there is one."""
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB")), None
    rgba = np.asarray(image.convert("RGBA"))
    return rgba[..., :3], rgba[..., 3]


def _opaque(path: Path, image: Image.Image) -> np.ndarray:
    channels, alpha = _channels(image)
    if alpha is None or (alpha == 255).all():
        return channels
    if ((alpha > 0) & (alpha < 255)).any():
        raise _half_transparent(path)
    raise _unfit(
        f"the mask {path} (mode {image.mode}) is transparent in {int((alpha == 0).sum())} "
        "pixels, whose value is unknown; declare what they are, as "
        '`colours: {transparent: background, "255,255,255": lesion}`, or write the mask '
        "without transparency"
    )


def _half_transparent(path: Path) -> ImageError:
    return _unfit(
        f"the mask {path} has half-transparent pixels, as smoothed edges leave; expected pixels of "
        "one class each; write it again without smoothing"
    )


def _named(channels: np.ndarray) -> str:
    found = np.unique(channels.reshape(-1, 3)[:: max(1, channels.size // 300_000)], axis=0)
    texts = [f'"{colour_text(r << 16 | g << 8 | b)}"' for r, g, b in found[:_MAX_NAMED].tolist()]
    return ", ".join(texts) + (f", … ({len(found)} in all)" if len(found) > _MAX_NAMED else "")


def _refuse_lossy(path: Path, image: Image.Image, *, in_colours: bool, lossy: bool) -> None:
    kind = image.format
    if lossy and not in_colours and kind != "WEBP":
        return
    mend = "write the mask as PNG"
    if not in_colours and kind != "WEBP":
        mend = (
            "say which values were meant, as `values: {0: background, 255: lesion}`, and each "
            f"pixel becomes the nearest of them, or {mend}"
        )
    what = "colours" if in_colours else "values"
    raise _unfit(
        f"the mask {path} is a {kind} image, whose packing changes {what}; expected a PNG (or "
        f"TIFF, BMP, GIF), without loss; {mend}"
    )


def _check_depth(path: Path, image: Image.Image) -> None:
    if is_deep(image) and image.mode not in _INDEX_MODES:
        raise _unfit(
            f"the mask {path} holds 16 bits a channel in several channels; expected 8 bits, or one "
            "channel; write it so"
        )


def _check_size(path: Path, found: tuple[int, int], size: tuple[int, int]) -> None:
    expected = (size[1], size[0])
    if 0 in size:
        if found[0] * found[1] > MAX_PIXELS:
            raise ImageError(
                f"the mask {path} has {found[0]} × {found[1]} pixels; expected at most "
                f"{MAX_PIXELS:,} in all; write it in the size of its image",
                code="E_MASK_SIZE",
            )
        return
    if found == expected:
        return
    mend = (
        "it lies in the stored frame of an image that EXIF turns; turn it likewise"
        if found == size
        else "write it in the size of its image"
    )
    raise ImageError(
        f"the mask {path} has {found[0]} × {found[1]} pixels; expected {expected[0]} × "
        f"{expected[1]}, those of the image as it is displayed; {mend}",
        code="E_MASK_SIZE",
    )

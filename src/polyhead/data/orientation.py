"""The displayed frame of a picture: EXIF orientation 1 to 8."""

from __future__ import annotations

from PIL import ExifTags, Image

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_METADATA = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")


def exif_orientation(picture: Image.Image) -> int | None:
    """Read how a stored picture must be turned to be displayed.

    Args:
        picture: An opened picture; of a PNG, a loaded one, since its EXIF may follow the pixels.

    Returns:
        1 (as stored) to 8, or None when the metadata is corrupt and so no rotation is known.
    """
    if not any(name in picture.info for name in _METADATA):
        return 1
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged blocks raise SyntaxError, struct.error, KeyError and more
        return None
    # Whole EXIF blocks that hold no tag at all are what a damaged header parses to.
    if "exif" in picture.info and not picture.getexif():
        return None
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else None


def swaps_sides(orientation: int | None) -> bool:
    """Whether an orientation makes the stored width the displayed height."""
    return orientation is not None and orientation >= 5


def turned(picture: Image.Image, orientation: int | None) -> Image.Image:
    """Turn a stored picture into its displayed frame; None turns nothing."""
    method = _TRANSPOSE.get(orientation or 1)
    return picture if method is None else picture.transpose(method)

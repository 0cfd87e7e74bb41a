"""The displayed frame of an image: EXIF orientation 1 to 8."""

from __future__ import annotations

from typing import Literal

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
_BYTE_ORDERS: dict[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}
_HEADER_LENGTH = 8  # byte order, 42, offset of the first directory
_METADATA = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")


def exif_orientation(image: Image.Image) -> int | None:
    """Read how a stored image must be turned to be displayed.

    Args:
        image: An opened image; of a PNG, a loaded one, since its EXIF may follow the pixels.

    Returns:
        1 (as stored) to 8, or None when the metadata is corrupt and so no rotation is known.
    """
    if not any(name in image.info for name in _METADATA):
        return 1
    block = image.info.get("exif")
    try:
        tags = image.getexif()
    except Exception:  # damaged blocks raise SyntaxError, struct.error, KeyError and more
        return 1 if block is not None and _is_empty(block) else None
    # Blocks that hold no tag are what a damaged header parses to, unless they say so themselves.
    if block is not None and not tags and not _is_empty(block):
        return None
    orientation = tags.get(ExifTags.Base.Orientation, 1) or 1  # 0: cameras that do not know
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else None


def _is_empty(block: bytes) -> bool:
    """Whether an EXIF block is whole and holds no tag, as editors leave it that remove all tags.

    It is a TIFF header whose first directory has 0 entries, that header without a directory,
    nothing at all, or only zero bytes.
    """
    data = block.removeprefix(b"Exif\0\0")
    if not data.strip(b"\0"):
        return True
    order = _BYTE_ORDERS.get(data[:4])
    if order is None or len(data) < _HEADER_LENGTH:
        return False
    start = int.from_bytes(data[4:_HEADER_LENGTH], order)
    return start == 0 or (start >= _HEADER_LENGTH and data[start : start + 2] == b"\0\0")


def swaps_sides(orientation: int | None) -> bool:
    """Whether an orientation makes the stored width the displayed height."""
    return orientation is not None and orientation >= 5


def turned(image: Image.Image, orientation: int | None) -> Image.Image:
    """Turn a stored image into its displayed frame; None turns nothing."""
    method = _TRANSPOSE.get(orientation or 1)
    return image if method is None else image.transpose(method)

"""The kind of a file, by its first bytes and never by its name."""

from __future__ import annotations

from polyhead.errors import ImageError

SIGNATURE_LENGTH = 512

SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
}
"""The formats that polyhead decodes, with the file name endings that belong to each."""

_MAGIC = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"BM": "BMP",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",
    b"MM\x00+": "TIFF",
}

_CONVERT = "convert it to JPEG, PNG or WebP"
_DOWNLOAD = "download the image again"
_OTHERS = {
    b"version https://git-lfs": ("a Git-LFS pointer, not the image", "run `git lfs pull`"),
    b"8BPS": ("a Photoshop document (PSD)", _CONVERT),
    b"%PDF": ("a PDF document", _CONVERT),
    b"%!PS": ("an EPS or PostScript drawing", _CONVERT),
    b"\xc5\xd0\xd3\xc6": ("an EPS drawing", _CONVERT),
    b"PK\x03\x04": ("a zip archive", "unpack it first"),
    b"\x1f\x8b": ("gzip data", "unpack it first"),
    b"\x00\x05\x16\x07": ("a macOS resource file, not the image", "delete the `._` files"),
    b"\xff\x0a": ("a JPEG XL image", _CONVERT),
    b"\x00\x00\x00\x0cJXL ": ("a JPEG XL image", _CONVERT),
    b"\x00\x00\x00\x0cjP  ": ("a JPEG 2000 image", _CONVERT),
    b"\x93NUMPY": ("a NumPy array", _CONVERT),
    b"\x76\x2f\x31\x01": ("an OpenEXR image", _CONVERT),
    b"\x00\x00\x01\x00": ("a Windows icon", _CONVERT),
}


def image_format(head: bytes) -> str:
    """Name the image format of a file.

    Args:
        head: The file's first `SIGNATURE_LENGTH` bytes, or all when it is shorter.

    Returns:
        A key of `SUFFIXES`.

    Raises:
        ImageError: `E_NOT_IMAGE`; names the kind of the file and the remedy.
    """
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    found, mend = _describe(head)
    raise ImageError(
        f"found {found}; expected a JPEG, PNG, WebP, BMP, GIF or TIFF image; {mend}",
        code="E_NOT_IMAGE",
    )


def _describe(head: bytes) -> tuple[str, str]:
    """Kind of a file that is no image, and the remedy."""
    if not head:
        return "an empty file (zero bytes)", _DOWNLOAD
    if not head.strip(b"\x00"):
        return "only zero bytes, as an interrupted copy leaves", _DOWNLOAD
    for magic, described in _OTHERS.items():
        if head.startswith(magic):
            return described
    if head[4:8] == b"ftyp":
        return _describe_container(head[8:12])
    if head[128:132] == b"DICM":
        return "a DICOM image", _CONVERT
    return _describe_text(head)


def _describe_container(brand: bytes) -> tuple[str, str]:
    """Kind of an ISO media file (HEIC, AVIF, MP4), and the remedy."""
    if brand in (b"avif", b"avis"):
        return "an AVIF image", _CONVERT
    if brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"):
        return "a HEIC/HEIF image", _CONVERT
    return "a video (MP4 or similar)", "extract its frames"


def _describe_text(head: bytes) -> tuple[str, str]:
    """Kind of a file of text or of unknown bytes, and the remedy."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<svg") or (text.startswith((b"<?xml", b"<!--")) and b"<svg" in text):
        return "an SVG drawing", _CONVERT
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "an HTML page, often a saved error or log-in page", _DOWNLOAD
    if text.startswith(b"<"):
        return "an XML document", _DOWNLOAD
    if text.startswith((b"{", b"[")):
        return "JSON text, often a saved error of a web service", _DOWNLOAD
    shown = head[:12].decode("ascii", "backslashreplace")
    return f"an unknown kind of file that starts with {shown!r}", _CONVERT

"""Recognise a file by its content, whatever its suffix."""

from __future__ import annotations

import codecs
from pathlib import Path

from polyhead.errors import DataError
from polyhead.formats.faults import refusal

HEAD_BYTES = 65536

_MAGIC = {
    b"PK\x03\x04": "a zip archive, as Excel's .xlsx is; save the sheet as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "an old Excel .xls workbook; save the sheet as CSV (UTF-8)",
    b"PAR1": "a parquet file; rename it to .parquet",
    b"ARROW1": "an Arrow (feather) file; write it as .parquet",
    b"\x1f\x8b": "gzip-compressed; unpack it first",
    b"%PDF": "a PDF document; export the table as CSV",
    b"\x89PNG": "a PNG image; give the table, not an image",
    b"\xff\xd8\xff": "a JPEG image; give the table, not an image",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"version https://git-lfs": "a Git-LFS pointer, not the file itself; run `git lfs pull`",
    codecs.BOM_UTF16_LE: "UTF-16 text; save it as UTF-8",
    codecs.BOM_UTF16_BE: "UTF-16 text; save it as UTF-8",
}
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")


def recognise(head: bytes) -> str | None:
    """The kind of file by its first bytes and what to do, or None for plain text."""
    for magic, meaning in _MAGIC.items():
        if head.startswith(magic):
            return meaning
    if head.removeprefix(codecs.BOM_UTF8).lstrip()[:16].lower().startswith(_MARKUP):
        return "a web page or XML; download the table itself"
    if b"\0" in head:
        return "binary or UTF-16 (it holds NUL bytes); save it as UTF-8 text"
    return None


def read_text_head(path: Path, expected: str) -> bytes:
    """The first bytes of a text file, without a byte order mark.

    Args:
        path: The file.
        expected: What it should be, for the message: `a table with separators`.

    Raises:
        DataError: `E_EMPTY_TABLE` for an empty file, `E_NOT_TABLE` when it is no plain text.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    meaning = recognise(head)
    if meaning is not None:
        raise refusal("E_NOT_TABLE", path.name, f"expected {expected}; this is {meaning}.")
    head = head.removeprefix(codecs.BOM_UTF8)
    if not head.strip():
        raise refusal("E_EMPTY_TABLE", path.name, f"the file is empty; expected {expected}.")
    return head


def not_utf8(path: Path) -> DataError | None:
    """The error naming the first line that is not UTF-8, or None when all of it is."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return undecodable(f"{path.name}:{number}", error)
    return None


def undecodable(where: str, error: UnicodeDecodeError) -> DataError:
    """The error for one line that is not UTF-8."""
    message = (
        f"byte 0x{error.object[error.start]:02X} is not UTF-8, perhaps the file is Latin-1 or "
        "Windows-1252; save it as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8)."
    )
    return refusal("E_ENCODING", where, message)

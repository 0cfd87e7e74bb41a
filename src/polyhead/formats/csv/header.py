"""The first record of a CSV file: its separator and its column names."""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass
from pathlib import Path

from polyhead.formats.csv.headerless import names_without_header, partition_names
from polyhead.formats.faults import refusal
from polyhead.formats.images.image_names import has_image_suffix
from polyhead.formats.raw_table import check_column_names
from polyhead.formats.recognise import HEAD_BYTES, read_text_head, undecodable

_SEPARATORS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True)
class Header:
    """The first record.

    Attributes:
        names: Column names, without surrounding white space; stand-ins where the last have none.
        num_named: How many columns have a name.
        separator: One character.
        offset: Bytes before the second record.
        num_lines: Lines before the second record.
    """

    names: list[str]
    num_named: int
    separator: str
    offset: int
    num_lines: int


def read_header(path: Path) -> Header:
    """Read the first record.

    Raises:
        DataError: The file is empty or no text, or its header cannot be used.
    """
    head = read_text_head(path, "a table with a header line")
    if head.lstrip()[:1] in (b"{", b"["):
        message = "expected a table with a header line; this is JSON: name it .json or .jsonl."
        raise refusal("E_NOT_TABLE", path.name, message)
    record, offset, num_lines = _first_record(path)
    text = record.rstrip("\r\n")
    separator = detect_separator(text)
    where = f"{path.name}:{num_lines}"
    names = _split(text, separator, where)
    usual = names_without_header(names) or partition_names(path, separator, names)
    if usual is not None:
        start = offset - len(record.encode())
        return Header(usual, len(usual), separator, start, num_lines - len(record.splitlines()))
    _check_is_header(names, where)
    num_named = max((k for k, name in enumerate(names, 1) if name), default=len(names))
    check_column_names(names[:num_named], where)
    names[num_named:] = [f"\0{position}" for position in range(num_named, len(names))]
    return Header(names, num_named, separator, offset, num_lines)


def detect_separator(record: str) -> str:
    """The commonest of comma, semicolon, tab and bar outside quotes; a comma when there is none.

    >>> detect_separator('image;"a,b,c";tags')
    ';'
    """
    bare = _QUOTED.sub("", record)
    return max(_SEPARATORS, key=bare.count)


def _first_record(path: Path) -> tuple[str, int, int]:
    """Its text with line ends, the bytes and the lines up to its end; blank ones are left out."""
    lines: list[bytes] = []
    with path.open("rb") as file:
        file.seek(len(codecs.BOM_UTF8) if file.read(3) == codecs.BOM_UTF8 else 0)
        num_lines = 0
        while (line := file.readline(HEAD_BYTES * 64)) and not _is_complete(lines):
            num_lines += 1
            lines += [line] if lines or line.strip(b"\r\n") else []
        offset = file.tell() - len(line)
    try:
        record = b"".join(lines).decode()
    except UnicodeDecodeError as error:
        raise undecodable(f"{path.name}:{num_lines}", error) from error
    _check_record(record, f"{path.name}:{num_lines}")
    return record, offset, num_lines


def _is_complete(lines: list[bytes]) -> bool:
    return bool(lines) and sum(line.count(b'"') for line in lines) % 2 == 0


def _check_record(record: str, where: str) -> None:
    if record.count('"') % 2:
        message = "a quote in the header is never closed; close it, or remove it."
        raise refusal("E_HEADER", where, message)
    if "\r" in _QUOTED.sub("", record).rstrip("\r\n"):
        message = "lines end in a bare carriage return; save the file with LF or CRLF line ends."
        raise refusal("E_HEADER", where, message)


def _split(record: str, separator: str, where: str) -> list[str]:
    lines = record.splitlines(keepends=True)
    try:
        return [name.strip(" \t\r\n") for name in next(csv.reader(lines, delimiter=separator))]
    except csv.Error as error:
        message = f"expected a line of column names; this one cannot be parsed ({error})."
        raise refusal("E_HEADER", where, message) from error


def _check_is_header(names: list[str], where: str) -> None:
    images = [name for name in names if has_image_suffix(name)]
    if images:
        message = (
            f'the first line holds the image "{images[0]}"; expected column names there; '
            "add a header line, such as image,tags (labels), image,partition (the split), or "
            "image,x1,y1,x2,y2,label with a row a box."
        )
        raise refusal("E_HEADER", where, message)

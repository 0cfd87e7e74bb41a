"""Tables with spaces between cells, and with a line that counts the rows, as tables with tabs."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

from polyhead.formats.images.image_names import has_image_suffix
from polyhead.formats.recognise import HEAD_BYTES
from polyhead.table import IMAGE

_SIGNS = re.compile(r"[,;\t|]")
_MAX_LINES = 100  # that are checked
_NAMES_END = re.compile(r"[,;|\s]+")


@dataclass(frozen=True)
class _Layout:
    """The layout of a table.

    Attributes:
        num_before: Lines up to the header, without it; the last may count the rows.
        names: Of the columns, where spaces part the cells; None where another sign does, and empty
            where the first line is a row.
    """

    num_before: int
    names: list[str] | None


@contextmanager
def as_separated(path: Path) -> Iterator[Path]:
    """The same file, or while the body runs a copy with tabs, its rows on the same lines.

    Spaces separate cells where no row has a comma, semicolon, tab or bar, all rows have
    equally many words, and a word of each row is the name of an image. As in CelebA's
    `list_attr_celeba.txt`, a first line may count the rows, and the header need not name the
    first column, which holds the images.
    """
    layout = _layout(path)
    if layout is None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="polyhead-") as folder:
        copy = Path(folder, path.name)
        _write(path, copy, layout)
        yield copy


def _layout(path: Path) -> _Layout | None:
    with path.open("rb") as file:
        text = file.read(HEAD_BYTES).decode(errors="replace")
    lines = text.splitlines()[:_MAX_LINES]
    if len(text) >= HEAD_BYTES - 3:  # the last line may be cut
        lines = lines[:-1]
    filled = [number for number, line in enumerate(lines) if line.strip("\ufeff \t\r")]
    if len(filled) < 2:
        return None
    is_counted = lines[filled[0]].strip("\ufeff \t\r").isdecimal() and len(filled) > 2
    header, *rows = (lines[number] for number in filled[is_counted:])
    names = None if any(map(_SIGNS.search, rows)) else _names(header, rows)
    return None if names is None and not is_counted else _Layout(filled[int(is_counted)], names)


def _names(header: str, rows: list[str]) -> list[str] | None:
    """Names of the columns of cells with spaces between them; None where there are none.

    Empty where the header is a row like the others: it names an image where all do.
    """
    cells = [row.split() for row in rows]
    width = len(cells[0])
    if width < 2 or any(len(row) != width for row in cells):
        return None
    images = [all(has_image_suffix(row[place]) for row in cells) for place in range(width)]
    first = header.strip("\ufeff \t\r").split()
    if len(first) == width and any(map(has_image_suffix, compress(first, images))):
        return []
    names = [name for name in _NAMES_END.split(header.strip("\ufeff \t\r")) if name]
    if len(names) == width - 1 and images[0]:
        return [IMAGE, *names]
    return names if len(names) == width and any(images) else None


def _write(path: Path, copy: Path, layout: _Layout) -> None:
    with (
        path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as source,
        copy.open("w", encoding="utf-8", errors="surrogateescape", newline="") as target,
    ):
        for number, line in enumerate(source):
            if number < layout.num_before:
                target.write("\n")
            elif layout.names is None:
                target.write(line)
            elif number == layout.num_before and layout.names:
                target.write("\t".join(layout.names) + "\n")
            else:
                target.write("\t".join(line.split()) + "\n")

"""Tables in UTF-16, such as Excel's "Unicode text", as the UTF-8 that every reader expects."""

from __future__ import annotations

import codecs
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polyhead.formats.faults import refusal

_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHARACTERS = 1 << 20  # of a block


@contextmanager
def as_utf8(path: Path) -> Iterator[Path]:
    """The same file, or while the body runs a UTF-8 copy of the same name where it is UTF-16.

    UTF-16 is recognised by its byte order mark alone: without one it is ambiguous.

    Raises:
        DataError: `E_ENCODING`: it begins as UTF-16 and does not go on so.
    """
    with path.open("rb") as file:
        is_utf16 = file.read(2) in _MARKS
    if not is_utf16:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="polyhead-") as folder:
        copy = Path(folder, path.name)
        _transcode(path, copy)
        yield copy


def _transcode(path: Path, copy: Path) -> None:
    try:
        with (
            path.open(encoding="utf-16", newline="") as source,
            copy.open("w", encoding="utf-8", newline="") as target,
        ):
            shutil.copyfileobj(source, target, _CHARACTERS)
    except UnicodeError as error:
        message = f"the file begins as UTF-16 and is none ({error}); save it as UTF-8."
        raise refusal("E_ENCODING", path.name, message) from error

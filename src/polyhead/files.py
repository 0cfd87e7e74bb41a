"""Crash-safe files: after a crash at any instant a file holds its old or its new content.

The recipe: write `name.tmp` beside the file, fsync it, read it back and compare SHA-256,
rename it over the old file, fsync the folder.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polyhead.errors import PolyheadError

_MEND = {
    errno.ENOSPC: "Free some space",
    errno.EIO: "Check the disk",
    errno.EPERM: "Allow writing there",
    errno.EACCES: "Allow writing there",
    errno.EROFS: "Choose a folder that can be written",
    errno.ENOENT: "Create the folder",
    errno.EEXIST: "A file has this name: choose another",
    errno.ENOTDIR: "There is a file where a folder should be: choose another path",
}
if hasattr(errno, "EDQUOT"):
    _MEND[errno.EDQUOT] = "Free some of the quota"

# Flag of Windows alone: without it line breaks would be translated.
BINARY = getattr(os, "O_BINARY", 0)


@contextmanager
def explained(
    action: str, path: Path, outcome: str = "", *, code: str = "E_WRITE"
) -> Iterator[None]:
    """Turn an `OSError` of the body into a `PolyheadError` that names path, cause and mend.

    Args:
        action: What was tried, such as `write`.
        path: The file or folder.
        outcome: State of the disk after the failure, as a sentence.
        code: Code of the error.

    Raises:
        PolyheadError: With that code, when the body raises an `OSError`.
    """
    try:
        yield
    except OSError as error:
        mend = _MEND.get(error.errno or 0, "Check the disk and the permissions")
        reason = error.strerror or str(error)
        text = f"Cannot {action} {path}: {reason}. {outcome} {mend}, then try again."
        raise PolyheadError(" ".join(text.split()), code=code) from error


def write_bytes(path: Path, data: bytes) -> str:
    """Replace a file by `data`, crash-safely.

    Args:
        path: The file; its folder must exist.
        data: The whole new content.

    Returns:
        SHA-256 of the content, in hexadecimal digits.

    Raises:
        PolyheadError: `E_WRITE`; the old file is intact and no temporary file is left.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    digest = hashlib.sha256(data).hexdigest()
    with explained("write", path, "The previous content is unchanged."), _swept(temporary):
        _write_and_sync(temporary, data)
        if sha256_of(temporary) != digest:
            raise OSError(errno.EIO, "what was written reads back differently")
        os.replace(temporary, path)
    sync_folder(path.parent)
    return digest


def write_text(path: Path, text: str) -> str:
    """Replace a file by UTF-8 `text`, as `write_bytes` does.

    What UTF-8 lacks (half of a file name that is not UTF-8) is written as an escape.
    """
    return write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: Path, value: Any) -> str:
    """Replace a file by `value` as indented JSON, as `write_bytes` does.

    Raises:
        PolyheadError: `E_JSON`, a value that JSON lacks, such as NaN; or `E_WRITE`.
    """
    return write_text(path, _encode(path, value, indent=2) + "\n")


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Append one JSON object as one whole line, in a single write.

    A line that an earlier crash left torn is cut off first. A failed append leaves the earlier
    lines as they were.

    Raises:
        PolyheadError: `E_JSON`, a value that JSON lacks, such as NaN; or `E_WRITE`.
    """
    line = _encode(path, record).encode("utf-8") + b"\n"
    with explained("append to", path, "The earlier lines are unchanged."):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | BINARY, 0o666)
        try:
            _append(descriptor, line)
        finally:
            os.close(descriptor)


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Read the lines of `append_line`, leaving out a last line that a crash left torn.

    Raises:
        PolyheadError: `E_JSON`, naming the first line before the last that is no JSON object.
    """
    *lines, _torn = path.read_bytes().split(b"\n")
    return [_parse_line(path, number, line) for number, line in enumerate(lines, 1)]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as it is on the disk, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a loss of power.

    Raises:
        PolyheadError: `E_WRITE`.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return  # Windows opens no folder, and writes renames by itself
    outcome = "The newest content is there but may not survive a loss of power."
    with explained("make durable", folder, outcome):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def rename_folder(source: Path, target: Path) -> None:
    """Give a folder another name beside itself, durably.

    Raises:
        PolyheadError: `E_WRITE`; the folder keeps its name when the rename itself failed.
    """
    with explained(f"rename {source} to", target):
        os.rename(source, target)
    sync_folder(target.parent)


def _encode(path: Path, value: Any, *, indent: int | None = None) -> str:
    try:
        return json.dumps(value, allow_nan=False, indent=indent)
    except (TypeError, ValueError, RecursionError) as error:
        text = f"Cannot write {path}: {error}. JSON holds finite numbers, text, lists and mappings"
        raise PolyheadError(f"{text}; write null for what is missing.", code="E_JSON") from error


def _parse_line(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        text = f"{path}:{number} is not a JSON object: {line[:60]!r}. Remove that line."
        raise PolyheadError(text, code="E_JSON")
    return record


@contextmanager
def _swept(temporary: Path) -> Iterator[None]:
    """Remove the temporary file when the body fails for whatever reason."""
    try:
        yield
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_and_sync(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | BINARY, 0o666)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything: one `os.write` may write less than its argument."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _append(descriptor: int, line: bytes) -> None:
    end = _end_of_whole_lines(descriptor)
    os.ftruncate(descriptor, end)
    os.lseek(descriptor, end, os.SEEK_SET)
    try:
        write_all(descriptor, line)
    except BaseException:
        os.ftruncate(descriptor, end)
        raise


def _end_of_whole_lines(descriptor: int) -> int:
    """Byte after the last line break of an open file; 0 when it has none."""
    end = os.fstat(descriptor).st_size
    while end:
        start = max(0, end - 65536)
        os.lseek(descriptor, start, os.SEEK_SET)
        found = os.read(descriptor, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0

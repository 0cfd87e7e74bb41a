"""Every regular file below a folder, in a fixed order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def list_files(root: Path) -> Iterator[str]:
    """Paths below `root`, relative to it, with `/`, sorted folder by folder.

    Hidden files and folders, sockets, devices and pipes are passed over; nothing is opened. Links
    are followed, but never into a folder that is being listed already, nor where they lead to
    nothing or to themselves.
    """
    yield from _walk(str(root), "", frozenset())


def _walk(folder: str, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    status = os.stat(folder)
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        return
    with os.scandir(folder) as entries:
        visible = sorted(filter(_is_visible, entries), key=lambda entry: entry.name)
    for entry in visible:
        if entry.is_dir():
            yield from _walk(entry.path, f"{prefix}{entry.name}/", above | {identity})
        elif entry.is_file():
            yield prefix + entry.name


def _is_visible(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return False
    return not entry.is_symlink() or os.path.exists(entry.path)

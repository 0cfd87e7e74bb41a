"""Names of images in the table, compared with the files in the folder."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePath

from polyhead.data.signature import SUFFIXES
from polyhead.errors import Fault

_ENDINGS = frozenset(ending for endings in SUFFIXES.values() for ending in endings)


class NameHints:
    """Suggests the file that a missing image likely is; each folder is listed once."""

    def __init__(self) -> None:
        self._folders: dict[Path, dict[str, str] | None] = {}
        self._below: dict[Path, dict[str, list[str]]] = {}

    def hint(self, path: Path) -> str:
        """A sentence on a path that does not exist."""
        path = Path(path)
        if path.parent not in self._folders:
            self._folders[path.parent] = _names(path.parent)
        names = self._folders[path.parent]
        if names is None:
            return f"Looked in {path.parent}, which is no folder that can be read."
        for key in (_folded(path.name), _folded(path.stem)):
            if names.get(key) == path.name:
                return "It is a symbolic link to a file that does not exist."
            if key in names:
                return f'Found "{names[key]}" there, but the table says "{path.name}".'
        return f"Looked in {path.parent}."

    def below(self, path: Path) -> list[str]:
        """The files of that name further down in the folder of a path, from there."""
        path = Path(path)
        if path.parent not in self._below:
            self._below[path.parent] = _names_below(path.parent)
        return self._below[path.parent].get(_folded(path.name), [])


def find_orphans(folder: Path, paths: Iterable[Path]) -> list[Fault]:
    """List the image files under a folder that no row names.

    Args:
        folder: Where to look, with its sub-folders; symbolic links to folders are not followed.
        paths: The images that the table names.

    Returns:
        One `W_IMAGE_ORPHAN` each, in the order of names.
    """
    named = {os.path.abspath(path) for path in paths}
    found = (
        os.path.join(parent, name)
        for parent, _, names in os.walk(os.path.abspath(folder))
        for name in names
        if PurePath(name).suffix.lower() in _ENDINGS and not name.startswith(".")
    )
    message = "no row names this image; add a row or remove the file"
    return [
        Fault("W_IMAGE_ORPHAN", os.path.relpath(path, folder), message)
        for path in sorted(found)
        if path not in named
    ]


def _names(folder: Path) -> dict[str, str] | None:
    """Folded name, and folded name without its ending, to the name as it is on the disk."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return None
    stems = {_folded(PurePath(n).stem): n for n in names if PurePath(n).suffix.lower() in _ENDINGS}
    return stems | {_folded(name): name for name in names}


def _names_below(folder: Path) -> dict[str, list[str]]:
    """Folded name to the files of that name below a folder."""
    found: dict[str, list[str]] = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if Path(parent) != folder:
            for name in sorted(names):
                place = os.path.relpath(os.path.join(parent, name), folder)
                found.setdefault(_folded(name), []).append(place)
    return found


def _folded(name: str) -> str:
    """The name without case and without the difference between NFC and NFD accents."""
    return unicodedata.normalize("NFC", name).casefold()

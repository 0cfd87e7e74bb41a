"""The files that names in a table mean."""

from __future__ import annotations

from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have (too long, NUL) has none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def named_file(folder: Path, name: str) -> Path:
    r"""The file below a folder that a name means, be it written with backslashes as on Windows.

    >>> named_file(Path("photos"), "2024\\a.jpg").as_posix()
    'photos/2024/a.jpg'
    """
    path = folder / name
    return folder / with_slashes(name) if "\\" in name and not is_file(path) else path


def with_slashes(name: str) -> str:
    """A name with the separators of other systems."""
    return name.replace("\\", "/")

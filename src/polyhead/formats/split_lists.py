"""Text files that list the images of each part: `train.txt`, `val.txt`, `meta/test.txt`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from polyhead.errors import Fault, first_few
from polyhead.table.split_spellings import part_of

_SUFFIXES = (".txt", ".lst")
_TRAINVAL = "trainval"


def listed_splits(
    path: Path, files: Sequence[str], images: Sequence[str]
) -> tuple[list[str | None] | None, str, list[Fault]]:
    """The split by the lists below a folder.

    A line names an image by its path, which may lack the first folders or have more of them, with
    or without suffix; what follows it is ignored.

    Args:
        path: The folder.
        files: What lies below it.
        images: (N,) names.

    Returns:
        (N,) parts, or None where no two parts are listed; the lists in words; `N_SPLIT_SHARED` for
        images that several parts list, which are left without one.
    """
    meant = _by_ending(images)
    members: dict[str, set[str]] = {}
    used: list[str] = []
    for name in _lists(files):
        part = part_of(PurePosixPath(name).stem) or ""
        lines = _lines(path / name)
        found = [image for line in lines if (image := _image(line, meant)) is not None]
        if found and 2 * len(found) >= len(lines):
            used.append(name)
            for image in found:
                members.setdefault(image, set()).add(part)
    if len({part for parts in members.values() for part in parts}) < 2:
        return None, "", []
    splits = [min(members[name]) if len(members.get(name, ())) == 1 else None for name in images]
    split_source = f"the lists {first_few(used, 4)}"
    return splits, split_source, _shared(path, sum(len(parts) > 1 for parts in members.values()))


def _lists(files: Sequence[str]) -> list[str]:
    """The lists; of train and val together only where these have none of their own."""
    lists = [name for name in files if name.endswith(_SUFFIXES) and part_of(_stem(name))]
    alone = {_stem(name) for name in lists} == {_TRAINVAL, "test"}
    return [name for name in lists if alone or _stem(name) != _TRAINVAL]


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    return [line.strip().replace("\\", "/") for line in text.splitlines() if line.strip()]


def _image(line: str, meant: dict[str, str | None]) -> str | None:
    for name in dict.fromkeys((line, line.split(",")[0], line.split()[0])):
        for ending in _endings(name):
            if meant.get(ending):
                return meant[ending]
    return None


def _by_ending(images: Sequence[str]) -> dict[str, str | None]:
    """Every ending of every name, with and without suffix, to the name; None for two of them."""
    meant: dict[str, str | None] = {}
    for name in images:
        for ending in _endings(name):
            for key in (ending, ending.rpartition(".")[0]):
                meant[key] = name if meant.get(key, name) == name else None
    return meant


def _endings(name: str) -> Iterator[str]:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return ("/".join(parts[k:]) for k in range(len(parts)))


def _shared(path: Path, number: int) -> list[Fault]:
    if not number:
        return []
    message = f"{number} images are in the lists of several parts; they get none."
    return [Fault("N_SPLIT_SHARED", f"{path.name}/", message)]

"""The split of each image of a VOC data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from polyhead.errors import Fault
from polyhead.formats.split_lists import listed_splits
from polyhead.formats.split_names import FOLDERS
from polyhead.table.split_spellings import part_of, parts_by_folder

_LISTS = ("ImageSets", "Main")
_TRAINVAL = "trainval"


def voc_splits(
    path: Path, files: Sequence[str], xml_names: Sequence[str]
) -> tuple[list[str | None] | None, str, list[Fault]]:
    """The splits in `ImageSets/Main/{train,val,trainval,test}.txt`, else by the folders' names.

    Args:
        path: The folder: of the data set, or its `Annotations`.
        files: What lies below it.
        xml_names: (N,) the annotation files.

    Returns:
        (N,) splits, or None where unknown; their source in words; and `W_SPLIT_TWICE` for
        images in several lists: the last list read counts.
    """
    lists = {name: path / name for name in files if _is_list(name)}
    if not lists and path.name == "Annotations":
        folder = path.resolve().parent.joinpath(*_LISTS)
        found = folder.iterdir() if folder.is_dir() else ()
        lists = {"/".join((*_LISTS, p.name)): p for p in sorted(found)}
        lists = {name: listed for name, listed in lists.items() if _is_list(name)}
    if not lists:
        listed, split_source, notes = listed_splits(path, files, xml_names)
        return (
            (listed, split_source, notes) if listed else (parts_by_folder(xml_names), FOLDERS, [])
        )
    stems = {PurePosixPath(name).stem.lower() for name in lists}
    if stems - {_TRAINVAL, "test"}:  # which repeats the lists of train and val
        lists = {name: p for name, p in lists.items() if PurePosixPath(name).stem != _TRAINVAL}
    split_of: dict[tuple[str, str], str] = {}
    twice = 0
    for name, listed in lists.items():
        split = part_of(PurePosixPath(name).stem) or ""
        keys = {(_above(name, 3), stem) for stem in _stems(listed)}
        twice += sum(split_of.get(key, split) != split for key in keys)
        split_of |= dict.fromkeys(keys, split)
    splits = [split_of.get((_above(xml, 2), PurePosixPath(xml).stem)) for xml in xml_names]
    return splits, f"the lists in {'/'.join(_LISTS)}", _in_several_lists(path, twice)


def _is_list(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parts[-3:-1] == _LISTS and path.suffix == ".txt" and part_of(path.stem) is not None


def _above(name: str, levels: int) -> str:
    return "/".join(name.split("/")[:-levels])


def _stems(path: Path) -> list[str]:
    """The first word of each line: a file of one class has a flag behind it."""
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    return [line.split()[0] for line in lines if line.strip()]


def _in_several_lists(path: Path, number: int) -> list[Fault]:
    if not number:
        return []
    message = f"{number} images are in the lists of several splits; keep each in one."
    return [Fault("W_SPLIT_TWICE", f"{path.name}/{'/'.join(_LISTS)}", message)]

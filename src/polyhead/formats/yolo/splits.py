"""The split of each image of a YOLO data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from polyhead.errors import Fault
from polyhead.formats.images.image_files import list_files
from polyhead.formats.split_lists import listed_splits
from polyhead.formats.split_names import FOLDERS
from polyhead.formats.yolo.names import YoloNames
from polyhead.table.split_spellings import part_of, parts_by_folder


@dataclass
class _Membership:
    """The splits that list each image."""

    images: Sequence[str]
    splits: dict[str, set[str]] = field(default_factory=dict)

    def add_folder(self, folder: str, split: str) -> None:
        for name in self.images:
            if f"/{name}".startswith(f"/{folder}/" if folder else "/"):
                self.splits.setdefault(name, set()).add(split)

    def add_list(self, file: Path, split: str) -> None:
        known = set(self.images)
        for line in file.read_text(encoding="utf-8-sig", errors="replace").splitlines():
            name = next((end for end in _endings(line) if end in known), None)
            if name is not None:
                self.splits.setdefault(name, set()).add(split)


def yolo_splits(
    path: Path, root: Path, images: Sequence[str], names: YoloNames
) -> tuple[list[str | None] | None, str, list[Fault]]:
    """The splits by `data.yaml`, else by lists such as `train.txt`, else by the folders' names.

    Args:
        path: The folder of the data set.
        root: The folder that the names of the images start at.
        images: (N,) names.
        names: Tells each split's folders, or text files that list its images.

    Returns:
        (N,) splits, or None where unknown; their source in words; `W_SPLIT_FOLDER` for an
        entry that is not there, `N_SPLIT_SHARED` for images in several splits, which are left
        without one.
    """
    if not names.splits:
        listed, split_source, notes = listed_splits(path, list(list_files(path)), images)
        if listed is not None:
            return listed, split_source, notes
        return parts_by_folder(images), FOLDERS, []
    members, faults = _Membership(images), list[Fault]()
    for split, places in names.splits.items():
        for place in places:
            if not _add(members, place, split, (root, path, path.resolve().parent)):
                message = f"{split}: {place} is neither a folder nor a list; mend data.yaml."
                faults.append(Fault("W_SPLIT_FOLDER", f"{path.name}/", message))
    shared = sum(len(found) > 1 for found in members.splits.values())
    if shared:
        message = f"{shared} images are in several splits of data.yaml; they get none."
        faults.append(Fault("N_SPLIT_SHARED", f"{path.name}/", message))
    single = {name: min(found) for name, found in members.splits.items() if len(found) == 1}
    split_source = names.source.name if names.source else ""
    return ([single.get(name) for name in images] if single else None), split_source, faults


def _add(members: _Membership, place: str, split: str, bases: Sequence[Path]) -> bool:
    """Look for one entry, also without its first folders: data sets are moved and renamed."""
    root = bases[0].resolve()
    for end in _endings(place):
        for base in bases:
            found = (base / end).resolve()
            if found.is_file():
                members.add_list(found, split)
                return True
            if found.is_dir() and found.is_relative_to(root):
                members.add_folder(
                    "" if found == root else found.relative_to(root).as_posix(), split
                )
                return True
            if found.is_dir() and root.is_relative_to(found):
                members.add_folder("", split)
                return True
    return False


def _endings(name: str) -> list[str]:
    """A path, then the same without its first folders, up to the one that names a split."""
    parts = [part for part in name.strip().replace("\\", "/").split("/") if part not in ("", ".")]
    named = (k for k, part in enumerate(parts) if part_of(part))
    last = next(named, len(parts) - 1)
    return ["/".join(parts[k:]) for k in range(last + 1)]

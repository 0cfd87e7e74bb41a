"""The label file of each image of a YOLO data set."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePath

from polyhead.formats.yolo.names import NAME_FILES


class LabelFiles:
    """Finds `labels/train/a.txt` for `images/train/a.jpg`; each folder is listed once."""

    def __init__(self, path: Path, root: Path) -> None:
        """Start with nothing listed.

        Args:
            path: The folder of the data set, or its labels.
            root: The folder that the names of the images start at.
        """
        self._path, self._root = path, root.resolve()
        self._folders: dict[str, tuple[Path, set[str]] | None] = {}
        self._used: set[Path] = set()

    def find(self, image: str) -> tuple[Path | None, bool]:
        """The label file of an image.

        Returns:
            The file, or None when there is none; and whether its folder of images has labels.
        """
        name = PurePath(image)
        above = str(name.parent)
        if above not in self._folders:
            self._folders[above] = self._labels(above)
        found = self._folders[above]
        if found is None:
            return None, False
        folder, files = found
        label = f"{name.stem}.txt"
        if label not in files:
            return None, True
        self._used.add(folder / label)
        return folder / label, True

    def unused(self) -> list[Path]:
        """The label files that no image has asked for."""
        listed = [found for found in self._folders.values() if found is not None]
        files = {folder / name for folder, names in listed for name in names}
        return sorted(files - self._used)

    def _labels(self, above: str) -> tuple[Path, set[str]] | None:
        """The first folder that may hold the labels of a folder of images, and does."""
        images = self._root / above
        for folder in self._candidates(above):
            labels = _label_files(folder)
            beside = folder.resolve() == images.resolve()
            if labels and (not beside or _stems(labels) & _stems(os.listdir(folder), "txt")):
                return folder, labels
        return None

    def _candidates(self, above: str) -> list[Path]:
        """`labels` in place of the last `images`, the same folder in the labels, or beside."""
        parts = [self._root.name, *PurePath(above).parts]
        last = max((k for k, part in enumerate(parts) if part == "images"), default=None)
        swapped = [] if last is None else [*parts[:last], "labels", *parts[last + 1 :]]
        parallel = [self._root.parent.joinpath(*swapped)] if swapped else []
        return [*parallel, self._path / "labels" / above, self._path / above, self._root / above]


def _label_files(folder: Path) -> set[str]:
    if not folder.is_dir():
        return set()
    return {name for name in os.listdir(folder) if name.endswith(".txt")} - set(NAME_FILES)


def _stems(names: Iterable[str], but: str = "") -> set[str]:
    """Names without their suffix, of the files that have another one than `but`."""
    parted = (name.rpartition(".") for name in names)
    return {stem for stem, _, suffix in parted if suffix != but}

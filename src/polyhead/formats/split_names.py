"""Folder and file names that tell a split."""

from __future__ import annotations

from collections.abc import Sequence

from polyhead.structures.split_spellings import SPLITS

# Folders that part pictures from annotations, above or below the split.
_KINDS_OF_FILES = ("images", "labels", "jpegimages", "annotations")


def splits_on_top(names: Sequence[str]) -> list[str] | None:
    """The split of each file by its topmost folder, or None unless every file has one.

    `images/train/a.jpg` and `train/images/a.jpg` both mean train.

    Args:
        names: Paths with `/`, below the folder of the data set.
    """
    tops = [_top(name).lower() for name in names]
    return [SPLITS[top] for top in tops] if all(top in SPLITS for top in tops) else None


def _top(name: str) -> str:
    folders = (part for part in name.split("/")[:-1] if part.lower() not in _KINDS_OF_FILES)
    return next(folders, "")

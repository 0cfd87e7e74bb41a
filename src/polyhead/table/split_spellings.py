"""Usual spellings of the three parts of a data set."""

from __future__ import annotations

import re
from collections.abc import Sequence

from polyhead.table.table import IMAGE_SUFFIXES

PARTS = ("train", "val", "test")
SPLITS = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "trainval": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "validate": "val",
    "dev": "val",
    "eval": "val",
    "evaluation": "val",
    "test": "test",
    "testing": "test",
    "tst": "test",
    "holdout": "test",
    "heldout": "test",
}
# Kaggle's column `Usage`: the public test rows were for choosing models.
_WHOLE = {"publictest": "val", "privatetest": "test", "hold out": "test", "held out": "test"}
# Words that may occur beside: `train_images`, `val2017`, `test-set`, `seg_train`.
_NEUTRAL = frozenset(
    re.findall(
        r"\w+",
        "set sets data dataset datasets images image imgs img images photos jpegimages jpeg jpg "
        "png labels label annotations annotation split part seg frames samples crops masks mask "
        "full all obj file files list lists",
    )
)
# CelebA's `list_eval_partition.csv` is about all parts.
_ALL_PARTS = frozenset(("partition", "partitions", "split", "splits", "folds"))
_SUFFIXES = ("set", "data", "images", "imgs")
_BETWEEN = re.compile(r"[\W\d_]+")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def part_of(name: str) -> str | None:
    """The part that a cell or folder names, or None.

    A path of an image names none, even where a folder has such a name.

    >>> [part_of(name) for name in ("Valid", "train2017", "TestSet", "train_station", "test/1.png")]
    ['val', 'train', 'test', None, None]
    """
    if name.lower().endswith(IMAGE_SUFFIXES):
        return None
    folded = name.strip().casefold()
    found = SPLITS.get(folded) or _WHOLE.get(_BETWEEN.sub(" ", folded))
    if found:
        return found
    words = _words(name)
    parts = {_part_of_word(word) for word in words if word not in _NEUTRAL}
    return parts.pop() if len(parts) == 1 else None


def part_of_file(stem: str) -> str | None:
    """The part of the split in the name of an annotation file, whatever other words it has.

    >>> part_of_file("instances_val2017"), part_of_file("oidv6-train-boxes"), part_of_file("a")
    ('val', 'train', None)
    """
    words = _words(stem)
    parts = {part for word in words if (part := _part_of_word(word))}
    if not _ALL_PARTS.isdisjoint(words):
        return None
    return parts.pop() if len(parts) == 1 else None


def parts_by_folder(names: Sequence[str]) -> list[str | None] | None:
    """The part of each file by the folders on one level, or None where these name no split.

    `images/train/a.jpg`, `train/images/a.jpg` and `cat/train/a.jpg` all mean train. At least two
    parts must be named, and most files lie in such a folder: a class `train` is no split.

    Args:
        names: Paths with `/`, below the folder of the data set.
    """
    above = [name.rpartition("/")[0] for name in names]
    level = split_level(above)
    if level is None:
        return None
    part = {folder: _part_at(folder, level) for folder in set(above)}
    return [part[folder] for folder in above]


def split_level(folders: Sequence[str]) -> int | None:
    """The first level of the paths of N files' folders whose names are a split's; None if none."""
    counts: dict[str, int] = {}
    for folder in folders:
        counts[folder] = counts.get(folder, 0) + 1
    for level in range(max((folder.count("/") + 1 for folder in counts), default=0)):
        part = {folder: _part_at(folder, level) for folder in counts}
        named = sum(counts[folder] for folder, found in part.items() if found)
        if len(set(part.values()) - {None}) > 1 and 2 * named >= len(folders):
            return level
    return None


def _part_at(folder: str, level: int) -> str | None:
    steps = folder.split("/")
    return part_of(steps[level]) if level < len(steps) else None


def _words(name: str) -> list[str]:
    humps = (piece for word in _BETWEEN.split(name) for piece in _HUMPS.split(word))
    return [word.casefold() for word in humps if word and word not in ("v", "V")]


def _part_of_word(word: str) -> str | None:
    if word in SPLITS:
        return SPLITS[word]
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and word.removesuffix(suffix) in SPLITS:
            return SPLITS[word.removesuffix(suffix)]
    return None

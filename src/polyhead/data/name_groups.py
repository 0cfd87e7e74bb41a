"""Augmented copies of one source image, found by their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
from pyarrow.compute import MatchSubstringOptions, call_function

from polyhead.table.split_spellings import part_of

# Roboflow's `IMG_1_jpg.rf.0e8f4045f2e66649bd946b64ce121a66.jpg`.
_ROBOFLOW = re.compile(r"(.+)\.rf\.[0-9A-Za-z]{8,}")
_STEP = r"[ _-](?:aug(?:mented)?|[hv]?flip(?:ped)?|mirror(?:ed)?|rot(?:ate)?d?)[ _-]?\d*"
_AUGMENTED = re.compile(rf"(?i)(.+?)(?:{_STEP})+")
_HINT = r"(?i)\.rf\.|[ _-](?:aug|[hv]?flip|mirror|rot)"


def augmented_sources(names: Sequence[str]) -> list[str | None] | None:
    """The source that each image is a copy of; None where no two images share one.

    Recognised by Roboflow's names (`a_jpg.rf.<hash>.jpg`), and by endings such as `_aug3`,
    `_hflip` and `_rot90` where the original or another copy is in the table too. Copies of one
    source may lie in folders of several parts (`train/`, `val/`).

    Args:
        names: N names of images.

    Returns:
        N sources, None for an image that shares its own with no other.
    """
    hinted = call_function(
        "match_substring_regex", [pa.array(names, pa.string())], MatchSubstringOptions(_HINT)
    )
    if not call_function("any", [hinted]).as_py():
        return None
    places = [_place(name) for name in names]
    originals = {f"{folder}/{stem}".lstrip("/") for folder, stem in places}
    endings = [_source(stem) for _, stem in places]
    keys = [
        f"{folder}/{source or stem}".lstrip("/")
        for (folder, stem), source in zip(places, endings, strict=True)
    ]
    copied = Counter(key for key, source in zip(keys, endings, strict=True) if source)
    whole = Counter(keys)
    found = [
        key if copied[key] and whole[key] > 1 and (copied[key] > 1 or key in originals) else None
        for key in keys
    ]
    return found if any(found) else None


def _source(stem: str) -> str | None:
    match = _ROBOFLOW.fullmatch(stem) or _AUGMENTED.fullmatch(stem)
    return match.group(1) if match else None


def _place(name: str) -> tuple[str, str]:
    """The folder without those of the split, and the name without its suffix."""
    folder, _, base = name.rpartition("/")
    above = "/".join(step for step in folder.split("/") if not part_of(step))
    stem, _, suffix = base.rpartition(".")
    return above, stem if stem and len(suffix) <= 5 else base

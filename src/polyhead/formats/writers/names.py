"""Names of images in a written file; the images stay where they are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from polyhead.table import IMAGE, Table


def names_from(table: Table, folder: Path) -> list[str]:
    """(N,) names of the images as they are found from a folder; unnamed and absolute ones stay.

    Args:
        table: Names them from its root.
        folder: Where the file will lie.
    """
    names = table.data.column(IMAGE).to_pylist()
    # Real paths, since `..` leads out of where a link points to.
    way = Path(os.path.relpath(os.path.realpath(table.root), os.path.realpath(folder))).as_posix()
    if way == ".":
        return names
    return [name if not name or name.startswith("/") else f"{way}/{name}" for name in names]


def flat_names(names: Sequence[str], reserved: Sequence[str] = ()) -> list[str]:
    """(N,) file names without folders, no two of one stem: `a/1.jpg`, `b/1.jpg` → `a_1`, `b_1`.

    Args:
        names: Of images, with folders.
        reserved: Stems that none may have.
    """
    taken = {stem.casefold() for stem in reserved}
    counts = Counter(PurePosixPath(name).stem.casefold() for name in names)
    return [_free(PurePosixPath(name), counts, taken) for name in names]


def _free(name: PurePosixPath, counts: Counter[str], taken: set[str]) -> str:
    """The first free name: as it is, with its folders, or with a number; takes it."""
    parts = [part for part in name.parts[:-1] if part not in ("/", "..", ".")]
    whole = "_".join([*parts, name.stem]) if counts[name.stem.casefold()] > 1 else name.stem
    stem, number = whole, 1
    while stem.casefold() in taken:
        number += 1
        stem = f"{whole}_{number}"
    taken.add(stem.casefold())
    return f"{stem}{name.suffix}"

"""Repair names of images that were written on another machine, for the web or in another case."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from polyhead.errors import Fault
from polyhead.formats.faults import row_faults
from polyhead.formats.images.image_files import list_files
from polyhead.formats.images.image_names import has_image_suffix
from polyhead.formats.images.image_paths import (
    among_copies,
    choices,
    equal_copies,
    sample_names,
    with_names,
)
from polyhead.table import (
    IMAGE,
    Table,
)
from polyhead.table.named_files import is_file, named_file, with_slashes

# Label Studio serves uploads and local files under such addresses.
_UPLOAD = re.compile(r"(?:^|/)(?:data/upload/\d+/|upload/\d+/|data/local-files/\?d=)(.+)$")
_SMALL_TABLE = 5000  # rows, each of whose names the disk is asked for
_UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-(?=.)")


def repair_paths(table: Table) -> Table:
    r"""Replace names that no file has by the one file below the root that they can only mean.

    `IMG_1.JPG` means `img_1.jpg` where that is the only file of that name in any case, and
    `my%20dog.jpg` means `my dog.jpg`. Where not one name is found, the folders that all of them
    start with (`C:\data\photos\`, `/home/ann/photos/`, `https://example.org/`) are left out, as
    many as must be. Folders in which names differ are never left out: another image could be
    meant. A name means the one file whose path ends in it (`a.jpg`: `images_001/images/a.jpg`),
    and a name that Label Studio gave an upload (`/data/upload/4/7687a66e-photo.png`) the file with
    or without those eight characters. The folder is listed only when a name is not found, of all
    in a small table and of 200 in a large one.

    Returns:
        The table, with `E_IMAGE_AMBIGUOUS` for a name that several files could mean, and one
        `N_IMAGE_NAMES` on the names that were replaced.
    """
    names = table.data.column(IMAGE)
    if not table.root.is_dir() or not _are_missing(table.root, _names_to_check(names)):
        return table
    written: list[str] = names.to_pylist()
    listed = list(list_files(table.root))
    refused = {f.row for f in table.faults if f.code == "E_IMAGE_AMBIGUOUS"}
    missing = _missing_rows(table.root, written, frozenset(listed))
    files = _Files(listed)
    is_foreign = len(missing) == sum(map(bool, written))
    dropped = _num_dropped([written[row] for row in missing], files) if is_foreign else 0
    by_path = {row: files.of_path(written[row], dropped) for row in missing if row not in refused}
    rest = [row for row, found in by_path.items() if not found]
    by_ending = {row: files.of_ending(written[row], dropped) for row in rest}
    meant = by_path | by_ending
    copies = equal_copies(table.root, meant)
    renamed = _only(by_path) | _once_meant(_only(by_ending), written) | copies
    several = [row for row, found in meant.items() if len(found) > 1 and row not in copies]
    faults = row_faults(
        table, "E_IMAGE_AMBIGUOUS", several, lambda row: choices(table.root, meant[row])
    )
    if renamed:
        first = min(renamed)
        message = (
            f"{len(renamed)} names that no file has are read as the file that they mean, such as "
            f'"{written[first]}" as "{renamed[first]}"{among_copies(len(copies))}.'
        )
        faults.append(Fault("N_IMAGE_NAMES", table.source, message))
    data = with_names(table.data, renamed)
    return replace(table, data=data, faults=(*table.faults, *faults))


def _names_to_check(names: pa.ChunkedArray) -> list[str]:
    return (
        sample_names(names) if len(names) > _SMALL_TABLE else list(filter(None, names.to_pylist()))
    )


def _are_missing(root: Path, names: Sequence[str]) -> bool:
    return any(_is_missing(root, name) for name in names)


def _is_missing(root: Path, name: str) -> bool:
    return not is_file(named_file(root, name))


def _missing_rows(root: Path, names: Sequence[str], listed: frozenset[str]) -> list[int]:
    """Rows whose name no file has; the disk is checked only for names that the list cannot have."""
    unlisted = [row for row, name in enumerate(names) if name and name not in listed]
    return [row for row in unlisted if "/" not in names[row] or _is_missing(root, names[row])]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", posixpath.normpath(name)).casefold()


class _Files:
    """The images below a folder, by the names that may mean them."""

    def __init__(self, listed: Sequence[str]) -> None:
        self._by_path: defaultdict[str, list[str]] = defaultdict(list)
        self._by_name: defaultdict[str, list[str]] = defaultdict(list)
        for name in filter(has_image_suffix, listed):
            self._by_path[_folded(name)].append(name)
            self._by_name[_folded(posixpath.basename(name))].append(name)

    def of_path(self, name: str, dropped: int) -> list[str]:
        """The images whose path is the name without its first folders."""
        for path in _paths(name, dropped):
            if found := self._by_path.get(_folded(path)):
                return [name for name in found if name == path] or found
        return []

    def of_ending(self, name: str, dropped: int) -> list[str]:
        """The images whose path ends in it: a folder of those written must be left of it.

        In another folder, another image may have the name.
        """
        kept = [path for path in _paths(name, dropped) if "/" in path]
        for ending in (*kept, *_bare_names(name)):
            if found := self._ending_in(ending):
                return found
        return []

    def _ending_in(self, ending: str) -> list[str]:
        """Images whose path ends in these steps; those of the same case, where there are any."""
        named = self._by_name.get(_folded(posixpath.basename(ending)), [])
        found = [name for name in named if _folded(f"/{name}").endswith(_folded(f"/{ending}"))]
        return [name for name in found if f"/{name}".endswith(f"/{ending}")] or found


def _paths(name: str, dropped: int) -> list[str]:
    """A name without its first folders, as written and as addresses of the web spell it."""
    plain = with_slashes(name)
    is_escaped = "%" in plain or "?" in plain
    texts = (plain, unquote(plain.partition("?")[0]))[: 1 + is_escaped]
    return [posixpath.normpath("/".join(text.split("/")[dropped:])) for text in texts]


def _only(found: Mapping[int, Sequence[str]]) -> dict[int, str]:
    return {row: names[0] for row, names in found.items() if len(names) == 1}


def _once_meant(renamed: Mapping[int, str], written: Sequence[str]) -> dict[int, str]:
    """Without the images that two different names would mean."""
    names_of: defaultdict[str, set[str]] = defaultdict(set)
    for row, name in renamed.items():
        names_of[name].add(written[row])
    return {row: name for row, name in renamed.items() if len(names_of[name]) == 1}


def _bare_names(name: str) -> list[str]:
    """A name without folders; of an upload to Label Studio without its eight characters, too."""
    plain = with_slashes(name)
    upload = _UPLOAD.search(plain)
    if "/" in plain and upload is None:
        return []
    bare = unquote(posixpath.basename(plain if upload is None else upload[1]))
    without = _UPLOAD_PREFIX.sub("", bare)
    return [bare, without] if without != bare else [bare]


def _num_dropped(names: Sequence[str], files: _Files) -> int:
    """The fewest leading folders to drop so that most names are found."""
    # All names start with the folders that the first and the last in sorted order share. Among
    # numbers of folders that find equally many images, `index` takes the smallest: the more of a
    # path is kept, the less another image can be meant.
    sides = [with_slashes(name).split("/")[:-1] for name in (min(names), max(names))]
    common = len(posixpath.commonprefix(sides))
    some = names[:: max(len(names) // 200, 1)]
    found = [
        sum(bool(files.of_path(n, k) or files.of_ending(n, k)) for n in some)
        for k in range(common + 1)
    ]
    return found.index(max(found))

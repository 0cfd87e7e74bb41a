"""Names of pictures that were written on another machine, for the web or in another case."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from polyhead.errors import Fault
from polyhead.formats.images.image_files import list_files
from polyhead.formats.images.image_names import has_image_suffix
from polyhead.formats.images.image_paths import sample_names, with_names
from polyhead.structures import IMAGE, Table
from polyhead.structures.named_files import is_file, named_file, with_slashes

# Label Studio serves uploads and local files under such addresses.
_UPLOAD = re.compile(r"(?:^|/)(?:data/upload/\d+/|upload/\d+/|data/local-files/\?d=)(.+)$")
_UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-(?=.)")


def find_elsewhere(table: Table) -> Table:
    r"""Replace names that no file has by the one file below the root that they can only mean.

    `IMG_1.JPG` means `img_1.jpg` where that is the only file so called but for its case, and
    `my%20dog.jpg` means `my dog.jpg`. Where not one name is found, the folders that all of them
    start with (`C:\data\photos\`, `/home/ann/photos/`, `https://example.org/`) are left out, as
    many as must be. Folders in which names differ are never left out: another picture could be
    meant. A name without folders means the one file so called in any folder, and a name that
    Label Studio gave an upload (`/data/upload/4/7687a66e-photo.png`) the file with or without
    those eight characters. The folder is listed only when some of 200 names are not found.

    Returns:
        The table, with one `N_IMAGE_NAMES` that says what was read as what.
    """
    names = table.data.column(IMAGE)
    if not table.root.is_dir() or not _are_missing(table.root, sample_names(names)):
        return table
    written: list[str] = names.to_pylist()
    listed = list(list_files(table.root))
    missing = _missing_rows(table.root, written, frozenset(listed))
    files = _by_folded_name(listed)
    is_foreign = len(missing) == sum(map(bool, written))
    dropped = _num_dropped([written[row] for row in missing], files) if is_foreign else 0
    meant = {row: _meant(written[row], dropped, files) for row in missing}
    meant |= _below(written, [row for row, name in meant.items() if name is None], listed)
    renamed = {row: name for row, name in meant.items() if name is not None}
    if not renamed:
        return table
    first = min(renamed)
    message = (
        f"{len(renamed)} names that no file has are read as the file that they mean, such as "
        f'"{written[first]}" as "{renamed[first]}".'
    )
    faults = (*table.faults, Fault("N_IMAGE_NAMES", table.source, message))
    return replace(table, data=with_names(table.data, renamed), faults=faults)


def _are_missing(root: Path, names: Sequence[str]) -> bool:
    return any(_is_missing(root, name) for name in names)


def _is_missing(root: Path, name: str) -> bool:
    return not is_file(named_file(root, name))


def _missing_rows(root: Path, names: Sequence[str], listed: frozenset[str]) -> list[int]:
    """Rows whose name no file has; the disk is asked for names alone that the list cannot have."""
    unlisted = [row for row, name in enumerate(names) if name and name not in listed]
    return [row for row in unlisted if "/" not in names[row] or _is_missing(root, names[row])]


def _by_folded_name(listed: Sequence[str]) -> dict[str, str]:
    """Folded name to picture below the root; names that differ only in case are left out."""
    pictures = [name for name in listed if has_image_suffix(name)]
    uses = Counter(map(_folded, pictures))
    return {_folded(name): name for name in pictures if uses[_folded(name)] == 1}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", posixpath.normpath(name)).casefold()


def _meant(name: str, dropped: int, files: Mapping[str, str]) -> str | None:
    plain = with_slashes(name)
    is_escaped = "%" in plain or "?" in plain
    for text in (plain, unquote(plain.partition("?")[0]))[: 1 + is_escaped]:
        found = files.get(_folded("/".join(text.split("/")[dropped:])))
        if found is not None:
            return found
    return None


def _below(written: Sequence[str], rows: Sequence[int], listed: Sequence[str]) -> dict[int, str]:
    """Rows to the one file below the root that has their bare name, or the name of an upload."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for name in filter(has_image_suffix, listed):
        files[_folded(posixpath.basename(name))].append(name)
    found: dict[int, str] = {}
    names_of: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        hits = (files.get(_folded(name), []) for name in _bare_names(written[row]))
        found_files = next((names for names in hits if names), [])
        if len(found_files) == 1:
            found[row] = found_files[0]
            names_of[found_files[0]].add(written[row])
    return {row: name for row, name in found.items() if len(names_of[name]) == 1}


def _bare_names(name: str) -> list[str]:
    """A name without folders; of an upload to Label Studio without its eight characters, too."""
    plain = with_slashes(name)
    upload = _UPLOAD.search(plain)
    if "/" in plain and upload is None:
        return []
    bare = unquote(posixpath.basename(plain if upload is None else upload[1]))
    without = _UPLOAD_PREFIX.sub("", bare)
    return [bare, without] if without != bare else [bare]


def _num_dropped(names: Sequence[str], files: Mapping[str, str]) -> int:
    """The fewest leading folders that must go so that most names are found."""
    sides = [with_slashes(name).split("/")[:-1] for name in (min(names), max(names))]
    common = len(posixpath.commonprefix(sides))
    some = names[:: max(len(names) // 200, 1)]
    found = [sum(_meant(n, k, files) is not None for n in some) for k in range(common + 1)]
    return found.index(max(found))

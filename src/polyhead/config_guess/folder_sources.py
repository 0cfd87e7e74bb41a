"""The tables and annotation files that a folder of pictures holds, and which of them are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from polyhead.errors import DataError, PolyheadError, first_few, one_line
from polyhead.formats import FORMATS, Source, read_table, voc, yolo
from polyhead.formats.images.image_files import list_files
from polyhead.formats.images.image_names import has_image_suffix
from polyhead.formats.images.image_paths import sample_names
from polyhead.table import IMAGE, Table
from polyhead.table.named_files import is_file, named_file
from polyhead.table.split_spellings import part_of_file

_SUFFIXES = tuple(kind for kind in FORMATS if kind.startswith("."))
_ANSWERS = re.compile(r"(?i)(?:.*[^a-z])?(?:submission|predictions?|results?)(?:[^a-z].*)?")
_MAX_DEPTH, _MAX_FILES, _MAX_FOLDERS = 3, 40, 20
_MIN_FOUND = 0.5  # of the names in a table must be pictures of the folder
_MAX_REASON = 200
_RENAMED = ("N_IMAGE_NAMES", "E_IMAGE_AMBIGUOUS")


@dataclass(frozen=True)
class FoundSources:
    """What a folder is read as.

    Attributes:
        images: The folder that the names of all tables start at; None where each knows its own.
        sources: The files, or the folder itself.
        notes: Which files are read and which are not, in words.
    """

    images: Path | None
    sources: tuple[Source, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Candidate:
    name: str
    table: Table
    root: Path | None
    found: frozenset[str]

    @property
    def is_list(self) -> bool:
        return not self.table.columns


def find_sources(folder: Path, default: Source) -> FoundSources:
    """Look for tables and annotation files below a folder that names pictures in it.

    VOC and YOLO folders are read as such, joined with tables beside their labels. Where there is a
    table, folders are no classes.
    """
    files = list(list_files(folder))
    whole = (Source(folder),)
    is_yolo = yolo.recognise(folder, files)
    is_labels = is_yolo or voc.recognise(folder, files)
    names = _candidates(_without_labels(files) if is_yolo else files)
    if not names:
        return FoundSources(None, whole, ())
    roots = _picture_folders(folder, files)
    used, notes = _read_all(replace(default, path=folder), names, roots)
    if not used:
        return FoundSources(None, whole, tuple(notes))
    root = _common_root(used, roots)
    sources = tuple(
        Source(folder / each.name, root if root is not None else each.root) for each in used
    )
    shown = first_few([f"{each.name} ({len(each.table):,} rows)" for each in used], 10)
    where = "" if root is None else f"; pictures: {root}"
    labels = f"the labels of {folder.name}/, " if is_labels else ""
    told = f"found in {folder}: {labels}{shown}{where}"
    if is_labels:
        sources = (Source(folder), *sources)
    return FoundSources(None if is_labels else root, sources, (told, *notes))


def _without_labels(files: Sequence[str]) -> list[str]:
    """The files that are no label files of YOLO: texts below `labels`, or called as a picture."""
    stems = {name.rpartition(".")[0] for name in files if has_image_suffix(name)}
    return [
        name
        for name in files
        if not name.endswith(".txt")
        or ("labels" not in name.split("/")[:-1] and name.rpartition(".")[0] not in stems)
    ]


def _candidates(files: Sequence[str]) -> list[str]:
    names = [
        name for name in files if name.lower().endswith(_SUFFIXES) and name.count("/") <= _MAX_DEPTH
    ]
    by_kind: dict[str, list[str]] = {}
    for name in names:
        by_kind.setdefault(PurePosixPath(name).suffix.lower(), []).append(name)
    # More of one kind are one file a picture.
    return [name for some in by_kind.values() if len(some) <= _MAX_FILES for name in some]


def _picture_folders(folder: Path, files: Sequence[str]) -> list[Path]:
    """The folder and those below it that pictures lie in or below."""
    found = {"": None}
    for name in files:
        if has_image_suffix(name):
            steps = name.split("/")[:-1]
            found |= {"/".join(steps[:k]): None for k in range(1, len(steps) + 1)}
        if len(found) > _MAX_FOLDERS:
            break
    return [folder / name if name else folder for name in found]


def _read_all(
    default: Source, names: Sequence[str], roots: Sequence[Path]
) -> tuple[list[_Candidate], list[str]]:
    """The tables to use, and a note on each that is not."""
    read: list[_Candidate] = []
    notes: list[str] = []
    for name in names:
        found = _read_one(default, name, roots)
        if isinstance(found, str):
            notes.append(f"not read: {name}: {found}")
        else:
            read.append(found)
    labelled = [each for each in read if not each.is_list]
    used = []
    for each in read:
        problem = _problem(each, labelled)
        if problem is None:
            used.append(each)
        else:
            notes.append(f"not read: {each.name}: {problem}")
    return (used if labelled else []), notes


def _read_one(default: Source, name: str, roots: Sequence[Path]) -> _Candidate | str:
    """A table with the folder that its names start at, or why it cannot be used."""
    path = default.path / name
    if _ANSWERS.fullmatch(path.stem):
        return "answers, not labels, by its name; give it as a table if they are labels"
    try:
        table, root, best = _placed(replace(default, path=path), roots)
    except PolyheadError as error:
        if isinstance(error, DataError) and error.faults[0].code == "E_BOX_FORMAT":
            raise  # a question, whose answer makes the table readable
        reason = one_line(error.message)
        return reason if len(reason) <= _MAX_REASON else f"{reason[:_MAX_REASON]}…"
    if best < _MIN_FOUND:
        names = sample_names(table.data.column(IMAGE))
        return f"it names no pictures of this folder (such as {names[0] if names else 'none'})"
    paths = frozenset(str(table.root / each) for each in table.data.column(IMAGE).to_pylist())
    return _Candidate(name, table, root, paths)


def _placed(source: Source, roots: Sequence[Path]) -> tuple[Table, Path | None, float]:
    """The table with its names from the folder that has most of them as written."""
    best: tuple[Table, Path | None] = _read(source, None), None
    best_rank = _rank(best[0])
    for root in roots:
        if best_rank == (1.0, True):
            break
        table = _read(source, root)
        rank = _rank(table)
        if rank > best_rank:
            best, best_rank = (table, root), rank
    return best[0], best[1], best_rank[0]


def _read(source: Source, root: Path | None) -> Table:
    return read_table(source.path, root, rows=source.rows, box_format=source.box_format)


def _rank(table: Table) -> tuple[float, bool]:
    """The share of names that are pictures, and whether they are so as written."""
    is_plain = not any(fault.code in _RENAMED for fault in table.faults)
    return _share(table.root, sample_names(table.data.column(IMAGE))), is_plain


def _share(root: Path, names: Sequence[str]) -> float:
    """Of the names that pictures below a folder have."""
    found = sum(has_image_suffix(name) and is_file(named_file(root, name)) for name in names)
    return found / max(len(names), 1)


def _problem(each: _Candidate, labelled: Sequence[_Candidate]) -> str | None:
    """Why a table that can be read is left out: it adds nothing."""
    path = PurePosixPath(each.name)
    if each.is_list:
        others = frozenset[str]().union(*(other.found for other in labelled))
        is_part = part_of_file(path.stem) is not None
        return None if is_part and each.found <= others else "it holds no labels"
    for other in labelled:
        if other is each:
            return None
        same = PurePosixPath(other.name).with_suffix("") == path.with_suffix("")
        if same and set(each.table.columns) <= set(other.table.columns):
            return f"the same as {other.name} by its name and columns"
    return None


def _common_root(used: Sequence[_Candidate], roots: Sequence[Path]) -> Path | None:
    """One folder that the names of all tables start at; None where each finds its own."""
    if all(each.root is None for each in used):
        return None
    written = [sample_names(each.table.data.column(IMAGE)) for each in used]
    return next((r for r in roots if all(_share(r, names) == 1 for names in written)), None)


def as_sources(found: FoundSources, default: Source) -> tuple[Source, ...]:
    """The sources, read as the user says of all tables."""
    said = {key: getattr(default, key) for key in ("image_column", "rows", "box_format")}
    return tuple(replace(source, **said) for source in found.sources)

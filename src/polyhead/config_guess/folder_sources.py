"""The tables and annotation files that a folder of images holds, and which of them are read."""

from __future__ import annotations

import filecmp
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from polyhead.errors import DataError, Fault, PolyheadError, first_few, one_line
from polyhead.formats import FORMATS, Source, mask_pairs, read_table, voc, yolo
from polyhead.formats.images.image_files import list_files
from polyhead.formats.images.image_names import has_image_suffix
from polyhead.formats.images.image_paths import sample_names
from polyhead.table import IMAGE, Table
from polyhead.table.named_files import is_file, named_file
from polyhead.table.split_spellings import part_of, part_of_file

_SUFFIXES = tuple(kind for kind in FORMATS if kind.startswith("."))
_ANSWERS = re.compile(r"(?i)(?:.*[^a-z])?(?:submission|predictions?|results?)(?:[^a-z].*)?")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar")
_MAX_DEPTH, _MAX_FILES, _MAX_FOLDERS = 3, 40, 20
_MIN_FOUND = 0.5  # of the names in a table must be images of the folder
_MAX_REASON = 200
_QUESTIONS = ("E_BOX_FORMAT", "E_IMAGE_AMBIGUOUS")
_RENAMED = ("N_IMAGE_NAMES", "E_IMAGE_AMBIGUOUS")


@dataclass(frozen=True)
class FoundSources:
    """The sources found in a folder.

    Attributes:
        images: The folder that the names of all tables start at; None where each has its own.
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
    """Look for tables and annotation files below a folder that names images in it.

    VOC and YOLO folders are read as such, joined with tables beside their labels. Where there is a
    table, folders are no classes.
    """
    files = list(list_files(folder))
    whole = (Source(folder),)
    is_yolo = yolo.recognise(folder, files)
    is_labels = is_yolo or voc.recognise(folder, files)
    names = _candidates(_without_labels(files) if is_yolo else files)
    if not names:
        return FoundSources(None, whole, _packed(files))
    roots = _image_folders(folder, files)
    used, notes = _read_all(replace(default, path=folder), names, roots)
    if not used:
        return FoundSources(None, whole, (*notes, *_packed(files)))
    root = _common_root(used, roots)
    sources = tuple(
        Source(folder / each.name, root if root is not None else each.root) for each in used
    )
    shown = first_few([f"{each.name} ({len(each.table):,} rows)" for each in used], 10)
    where = "" if root is None else f"; images: {root}"
    labels = f"the labels of {folder.name}/, " if is_labels else ""
    summary = f"found in {folder}: {labels}{shown}{where}"
    if is_labels:
        sources = (Source(folder), *sources)
    return FoundSources(None if is_labels else root, sources, (summary, *notes))


def _packed(files: Sequence[str]) -> tuple[str, ...]:
    """A note that archives are not read, where there are some."""
    archives = [name for name in files if name.lower().endswith(_ARCHIVES)]
    return (f"not read: {first_few(archives, 3)}: unpack archives first",) if archives else ()


def _without_labels(files: Sequence[str]) -> list[str]:
    """The files that are no YOLO labels, which are texts below `labels` or with an image's name."""
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
    # More of one kind are one file an image.
    return [name for some in by_kind.values() if len(some) <= _MAX_FILES for name in some]


def _image_folders(folder: Path, files: Sequence[str]) -> list[Path]:
    """The folder and those below it that images lie in or below."""
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
        if isinstance(error, DataError) and error.faults[0].code in _QUESTIONS:
            raise  # once it is answered the table can be read
        reason = one_line(error.message)
        return reason if len(reason) <= _MAX_REASON else f"{reason[:_MAX_REASON]}…"
    if best < _MIN_FOUND:
        names = sample_names(table.data.column(IMAGE))
        return f"it names no images of this folder (such as {names[0] if names else 'none'})"
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
    if best_rank[0] == 1:
        meant = _meant_folder(source.path, best[0], roots)
        best = best if meant is None else (_read(source, meant), meant)
    return best[0], best[1], best_rank[0]


def _meant_folder(path: Path, table: Table, roots: Sequence[Path]) -> Path | None:
    """The folder meant where several have all images of a table; None: the table's root.

    The tests are, in this order, until one folder is left: it is the folder of the table; it is
    that of the part in the table's name; it has a usual name for images; it has no usual name for
    masks. Any will do where they hold the same bytes.

    Raises:
        DataError: `E_IMAGE_AMBIGUOUS`: several folders are left.
    """
    names = sample_names(table.data.column(IMAGE))
    folders = {root.absolute(): root for root in (table.root, *roots)}
    found = [root for root in folders.values() if _share(root, names) == 1]
    part = part_of_file(path.stem)
    for is_meant in (
        lambda root: root.absolute() == path.parent.absolute(),
        lambda root: part is not None and part in map(part_of, root.parts),
        lambda root: mask_pairs.is_image_folder(root.name),
        lambda root: not mask_pairs.is_mask_folder(root.name),
    ):
        found = [root for root in found if is_meant(root)] or found
    if not found or _are_copies(found[0], found[1:], names):
        return None if not found or found[0] == table.root else found[0]
    shown = first_few([str(root) for root in found], 3)
    message = (
        f"the names in it are those of images in several folders: {shown}; say which: polyhead "
        f"init {found[0]} {path}, or likewise with another."
    )
    raise DataError(
        f"{table.source}: {message}", [Fault("E_IMAGE_AMBIGUOUS", table.source, message)]
    )


def _read(source: Source, root: Path | None) -> Table:
    return read_table(source.path, root, rows=source.rows, box_format=source.box_format)


def _rank(table: Table) -> tuple[float, bool]:
    """The share of names that are images, and whether they are so as written."""
    is_plain = not any(fault.code in _RENAMED for fault in table.faults)
    return _share(table.root, sample_names(table.data.column(IMAGE))), is_plain


def _share(root: Path, names: Sequence[str]) -> float:
    """Of the names that images below a folder have."""
    found = sum(has_image_suffix(name) and is_file(named_file(root, name)) for name in names)
    return found / max(len(names), 1)


def missing_images(table: Table) -> str | None:
    """A sentence where most of the names in a table are no images; None where they are."""
    names = sample_names(table.data.column(IMAGE))
    share = _share(table.root, names)
    if share >= _MIN_FOUND:
        return None
    return (
        f"{round((1 - share) * len(names))} of {len(names)} names that were checked are no "
        f"images in {table.root} (such as {names[0] if names else 'none'})"
    )


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
    """The one folder that the names of all tables start at; None where each has its own."""
    if all(each.root is None for each in used):
        return None
    return next((root for root in roots if all(_fits(each.table, root) for each in used)), None)


def _fits(table: Table, root: Path) -> bool:
    """Whether a folder is the root of a table, or holds copies of the images there."""
    if table.root.absolute() == root.absolute():
        return True
    names = sample_names(table.data.column(IMAGE))
    return _share(root, names) == 1 and _are_copies(table.root, [root], names)


def _are_copies(root: Path, others: Sequence[Path], names: Sequence[str]) -> bool:
    pairs = [(root / name, other / name) for other in others for name in names]
    return all(filecmp.cmp(*pair, shallow=False) for pair in pairs if is_file(pair[0]))


def as_sources(found: FoundSources, default: Source) -> tuple[Source, ...]:
    """The sources, with the reading options that the user set for all tables."""
    options = {key: getattr(default, key) for key in ("image_column", "rows", "box_format")}
    return tuple(replace(source, **options) for source in found.sources)

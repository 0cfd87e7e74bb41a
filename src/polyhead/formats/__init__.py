"""One file or folder a format: annotation files to one table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from polyhead.errors import ConfigError
from polyhead.formats import csv, folders, json, parquet
from polyhead.formats.coco.corners import refuse_corners
from polyhead.formats.duplicates import duplicate_rows
from polyhead.formats.faults import refusal
from polyhead.formats.images.image_column import name_image_column
from polyhead.formats.images.image_paths import choose_root, match_files, missing_names
from polyhead.formats.images.image_roots import image_roots
from polyhead.formats.images.path_repair import repair_paths
from polyhead.formats.list_cells import null_items
from polyhead.formats.long import BoxFormat, Rows, gather_rows, resolve_boxes
from polyhead.formats.long.descriptions import (
    is_descriptions,
    refuse_descriptions,
    unused_descriptions,
    with_names,
)
from polyhead.formats.nested_objects import with_objects
from polyhead.formats.raw_table import RawTable
from polyhead.formats.source import Source
from polyhead.formats.sources import unite_sources
from polyhead.formats.structured.text_columns import with_structures
from polyhead.table import IMAGE, Table

Reader = Callable[[Path], RawTable]

__all__ = ["FORMATS", "BoxFormat", "Rows", "Source", "read_table", "read_tables"]


def readers_by_kind(readers: Iterable[tuple[Reader, Sequence[str]]]) -> dict[str, Reader]:
    """The registry of formats: kind of file or folder to its reader.

    Args:
        readers: Each with the kinds that it reads, mostly suffixes.

    Raises:
        ValueError: Two readers have one kind, so that one would silently replace the other.
    """
    found: dict[str, Reader] = {}
    for reader, kinds in readers:
        taken = sorted(found.keys() & set(kinds))
        if taken:
            raise ValueError(
                f"Parameter `readers` should have each kind once. Found {taken} twice."
            )
        found |= dict.fromkeys(kinds, reader)
    return found


FORMATS = readers_by_kind((module.read, module.KINDS) for module in (csv, parquet, json, folders))


def read_tables(sources: Sequence[Source]) -> Table:
    """Read one or several annotation files as one table, image by image.

    Args:
        sources: The files; one that is taken whole gives exactly the table of `read_table`. Files
            that name terms (`class-descriptions.csv`) name the labels of the others.

    Returns:
        Images in the order of first appearance; a column that a file lacks is unknown for its
        images. `faults` as `read_table` and `merge_tables`, and `E_LABEL_UNKNOWN` for a label of
        `labels_only` that no file has.

    Raises:
        ConfigError: As `read_table`, or files whose columns cannot be one column.
        DataError: As `read_table`.
    """
    descriptions = [each.path for each in sources if is_descriptions(each.path)]
    if len(descriptions) < len(sources):
        sources = [each for each in sources if each.path not in descriptions]
    tables = [_read_source(each, descriptions) for each in sources]
    table = unite_sources(sources, tables)
    return replace(table, faults=(*table.faults, *unused_descriptions(descriptions, table)))


def _read_source(source: Source, descriptions: Sequence[Path]) -> Table:
    return read_table(
        source.path,
        source.images,
        source.image_column,
        rows=source.rows,
        box_format=source.box_format,
        descriptions=descriptions,
    )


def read_table(
    path: Path,
    images: Path | None = None,
    image_column: str | None = None,
    *,
    rows: Rows | None = None,
    box_format: BoxFormat | None = None,
    descriptions: Sequence[Path] = (),
) -> Table:
    """Read an annotation file, or a folder of class folders, VOC xml files or YOLO labels.

    Text columns come as `string`, or as `dictionary<int8, string>` when few distinct cells make
    that smaller; lists of labels as `list<string>`; boxes as `OBJECTS_TYPE`. Null means unknown.

    Args:
        path: The file or folder; its suffix decides the format.
        images: The folder that the image names start at; the folder of the file when None. Names
            that already hold that folder (`images/a.jpg`) are understood.
        image_column: The column that names the images; found by name and by content when None.
        rows: What a row is: an image, a box, a label or a vote; found when None.
        box_format: What four numbers of a box are, where the file leaves it open.
        descriptions: Files that name the labels, where these are terms; found when empty.

    Returns:
        The table, a row an image in the order of the file; `faults` lists what is wrong in
        single rows: `E_IMAGE_MISSING_NAME`, `E_IMAGE_AMBIGUOUS`, `E_DUPLICATE_ROW`,
        `W_DUPLICATE_ROW`, `E_ROW_LENGTH` (such rows come last), `E_CELL`, `E_LABEL_MISSING`,
        `N_LONG_TABLE`, and what the modules of the formats name.

    Raises:
        ConfigError: There is no such file, folder or column, or the format is not supported.
        DataError: The file cannot become a table; says where and why.
    """
    if path.name in ("", ".."):  # messages name the source: `.` has a name too
        path = Path(os.path.abspath(path))
    read = _reader(path)
    refuse_descriptions(path)
    _check_images(images)
    if path.is_dir():
        read = partial(folders.read_below, images=images)
    elif read is json.read:
        read = partial(json.read, box_format=box_format)
    try:
        raw, boxes = _with_rows(read(path), path), None
        roots = [raw.root] if raw.root else image_roots(path, images)
        data, notes = name_image_column(raw.data, path.name, image_column, roots)
        raw = replace(raw, data=data, faults=(*raw.faults, *notes))
        if path.is_file():
            raw, boxes = gather_rows(with_names(raw, path, descriptions), path.name, rows)
        table = _to_table(raw, path, roots)
        table = resolve_boxes(table, boxes, box_format) if boxes else table
        if path.suffix.lower() == ".json" and box_format is None:
            refuse_corners(table)
        return _checked(table, box_format)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}; check path and permission."
        raise refusal("E_UNREADABLE", str(error.filename or path), message) from error


def _reader(path: Path) -> Callable[[Path], RawTable]:
    if not path.exists():
        raise ConfigError(f"{path} does not exist; give an annotation file.", code="E_NO_FILE")
    kind = "folder" if path.is_dir() else path.suffix.lower()
    if kind not in FORMATS or not (path.is_dir() or path.is_file()):
        supported = ", ".join(FORMATS)
        message = (
            f'{path} is of the kind "{kind}"; supported are {supported} (of classes, VOC or YOLO).'
        )
        raise ConfigError(message, code="E_FORMAT")
    return FORMATS[kind]


def _check_images(images: Path | None) -> None:
    if images is None:
        return
    if not images.is_dir():
        message = f"the folder of images {images} does not exist; give one that does."
        raise ConfigError(message, code="E_NO_FILE")


def _with_rows(raw: RawTable, path: Path) -> RawTable:
    if not len(raw.lines):
        message = "the table has no rows; expected one row an image under the header."
        raise refusal("E_EMPTY_TABLE", path.name, message)
    return raw


def _to_table(raw: RawTable, path: Path, roots: Sequence[Path]) -> Table:
    root = raw.root or choose_root(raw.data.column(IMAGE), roots)
    table = Table(
        raw.data, path.name, root, raw.lines, raw.faults, annotated_sizes=raw.annotated_sizes
    )
    return repair_paths(match_files(table)) if path.is_file() else table


def _checked(table: Table, box_format: BoxFormat | None) -> Table:
    table = with_objects(with_structures(table), box_format)
    faults = (*missing_names(table), *duplicate_rows(table), *null_items(table))
    return replace(table, faults=(*table.faults, *faults))

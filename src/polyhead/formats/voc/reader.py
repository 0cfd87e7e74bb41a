"""VOC: one xml file an image.

`Annotations/a.xml` beside `JPEGImages/a.jpg`, or both in one folder. The columns are `image`,
`objects`, and `split` where `ImageSets/Main/{train,val,test}.txt` or folders of these names
define it. An image without an xml file is not annotated, so it is left out. Objects may be
`difficult`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.errors import Fault
from polyhead.formats.faults import MAX_ROW_FAULTS, refusal
from polyhead.formats.images.image_folder import ImageFolder
from polyhead.formats.images.image_names import is_unicode
from polyhead.formats.object_cells import ObjectCells
from polyhead.formats.raw_table import RawTable
from polyhead.formats.split_names import split_field
from polyhead.formats.voc.splits import voc_splits
from polyhead.formats.voc.xml import VocFile, parse_voc
from polyhead.table import IMAGE, OBJECTS, objects_field

_SAMPLE_FILES = 20


@dataclass
class _Rows:
    """The files read so far, one entry an image."""

    source: str
    images: list[str] = field(default_factory=list)
    xml_names: list[str] = field(default_factory=list)
    files: list[VocFile | None] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    num_others: int = 0


def recognise(path: Path, files: Sequence[str]) -> bool:
    """Whether a folder holds such xml files.

    Args:
        path: The folder.
        files: What lies below it.
    """
    sample = islice((name for name in files if _is_xml(name)), _SAMPLE_FILES)
    return any(b"<annotation" in (path / name).read_bytes()[:2000] for name in sample)


def read(path: Path, files: Sequence[str], images: Path | None) -> RawTable:
    """Read all xml files of a folder.

    Args:
        path: The folder.
        files: What lies below it.
        images: The folder of images, where they are elsewhere.

    Returns:
        A row for each xml file, with `E_XML` for a file that cannot be read, `E_ANNOTATION` for
        an object without label or box, and notes on what is left out.

    Raises:
        DataError: `E_EMPTY_TABLE`: no file is an annotation.
    """
    folder = ImageFolder.find(path, files, images)
    rows = _Rows(path.name)
    for name in files:
        if _is_xml(name):
            _read_one(rows, path, name, folder)
    if not rows.images:
        raise refusal("E_EMPTY_TABLE", f"{path.name}/", "no xml file holds an <annotation>.")
    splits, split_source, notes = voc_splits(path, files, rows.xml_names)
    columns, fields = [pa.array(rows.images, pa.string())], [pa.field(IMAGE, pa.string())]
    cells, labels = _objects(rows)
    columns.append(cells)
    fields.append(objects_field(OBJECTS, labels))
    if splits is not None:
        columns.append(pa.array(splits, pa.string()))
        fields.append(split_field(split_source))
    faults = (*rows.faults[:MAX_ROW_FAULTS], *notes, *_left_out(rows, folder))
    data = pa.table(columns, schema=pa.schema(fields))
    sizes = np.array([file.size if file else (0, 0) for file in rows.files], np.int32)
    return RawTable(data, np.zeros(len(data), np.int32), faults, folder.root, sizes)


def _is_xml(name: str) -> bool:
    return name.lower().endswith(".xml") and is_unicode(name)


def _read_one(rows: _Rows, path: Path, name: str, folder: ImageFolder) -> None:
    row, where = len(rows.images), f"{rows.source}/{name}"
    try:
        found = parse_voc((path / name).read_bytes())
    except ValueError as error:
        rows.faults.append(Fault("E_XML", where, f"{error}.", row))
        rows.images.append(folder.of(name, "") or f"{Path(name).stem}")
        rows.xml_names.append(name)
        rows.files.append(None)
        return
    if found is None:
        rows.num_others += 1
        return
    file_name = found.file_name or Path(name).stem
    rows.images.append(folder.of(name, file_name) or file_name)
    rows.xml_names.append(name)
    rows.files.append(found)
    rows.faults += [Fault("E_ANNOTATION", where, f"{text}.", row) for text in found.problems]


def _objects(rows: _Rows) -> tuple[pa.Array, list[str]]:
    """The cells, and all labels, sorted."""
    known = [(row, file) for row, file in enumerate(rows.files) if file is not None]
    labels = [label for _, file in known for label in file.labels]
    names, indices = np.unique(np.array(labels, object), return_inverse=True)
    cells = ObjectCells(
        np.repeat([row for row, _ in known], [len(file.labels) for _, file in known]).astype(int),
        indices,
        np.array([box for _, file in known for box in file.boxes_xyxy]).reshape(-1, 4),
        difficult=np.array([flag for _, file in known for flag in file.difficult], bool),
    )
    mask = np.array([file is not None for file in rows.files], bool)
    return cells.column(names.tolist(), mask), names.tolist()


def _left_out(rows: _Rows, folder: ImageFolder) -> list[Fault]:
    faults = []
    if rows.num_others:
        message = f"{rows.num_others} xml files are no annotations (no <annotation>): not read."
        faults.append(Fault("N_FILES_IGNORED", f"{rows.source}/", message))
    bare = len(set(folder.names) - set(rows.images))
    if bare:
        message = f"{bare} images have no xml file and are left out; give them one, be it empty."
        faults.append(Fault("N_NO_ANNOTATION", f"{rows.source}/", message))
    return faults

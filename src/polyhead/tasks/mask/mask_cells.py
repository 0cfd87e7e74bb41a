"""Cells of a mask task: names of image files, or objects whose segments make up a mask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.errors import ConfigError, DataError, Fault, ImageError
from polyhead.table import MaskTargets, Table, is_objects
from polyhead.table.mask_map import MaskMap
from polyhead.table.mask_pixels import read_mask
from polyhead.table.mask_sources import (
    UNKNOWN_PIXEL,
    MaskFiles,
    MaskSegments,
    distinct,
)
from polyhead.table.named_files import is_file, named_file
from polyhead.tasks.boxes.box_cells import (
    choose_column,
    is_fraction,
    object_classes,
    read_objects,
)
from polyhead.tasks.known_labels import known_labels
from polyhead.tasks.labels import unknown_label_faults
from polyhead.tasks.targets import UNKNOWN
from polyhead.tasks.text_cells import text_column

BACKGROUND = "background"
"""The class of a pixel under no object."""
MASK = "mask"
MAX_READ = 20  # masks whose values an error shows


def mask_column(table: Table, declared: str | None, name: str) -> str:
    """The column a mask task reads: the declared one, its name's, `mask`, or segmented objects."""
    likely = [name, MASK, *(c for c in table.columns if is_objects(table.column(c).type))]
    return choose_column(table, declared, *likely)


def mask_classes(table: Table, column: str) -> tuple[str, ...]:
    """The classes that segmented objects tell.

    Raises:
        DataError: No object has a segment.
        ConfigError: The column names image files, which cannot tell the names of their values;
            says which values they hold.
    """
    if is_objects(table.column(column).type):
        if not read_objects(table, column).segmentations.is_valid().to_numpy(False).any():
            raise DataError(
                f'{table.source}: no object of column "{column}" has a segmentation in '
                f"{len(table)} rows; expected some; name the column of the mask images."
            )
        return tuple(dict.fromkeys([BACKGROUND, *object_classes(table, column)]))
    values = _values_found(table, column)
    shown = ", ".join(map(str, values[:16])) + (", …" if len(values) > 16 else "")
    raise ConfigError(
        f'the masks of column "{column}" do not tell the names of their values; found {shown} in '
        "the first of them; declare `classes`, a name for 0, 1, 2, … in this order (255 is "
        f"unknown), or `values`, a name for each, such as `values: {{{values[-1]}: road}}`."
    )


def _values_found(table: Table, column: str) -> list[int]:
    source = mask_files(table, column)
    rows = np.flatnonzero(source.names.is_valid().to_numpy(zero_copy_only=False))[:MAX_READ]
    try:
        found = [distinct(read_mask(source.path(row)).codes).tolist() for row in rows.tolist()]
    except ImageError as error:
        message = f'{table.source} column "{column}": {error.message}'
        raise DataError(message, [Fault(error.code, table.source, message)]) from error
    return sorted(set().union(*found))


def mask_files(table: Table, column: str, meaning: MaskMap | None = None) -> MaskFiles:
    """The image files that a column names; blank cells are null."""
    texts = text_column(table, column).cast(pa.string()).to_pylist()
    names = [text.strip() or None if text else None for text in texts]
    return MaskFiles(_folder(table.root, names), pa.array(names, pa.string()), meaning)


def _folder(root: Path, names: Sequence[str | None]) -> Path:
    """Where names start: at the images' folder, or beside it as the images themselves may."""
    first = next((name for name in names if name), "")
    folders = [root, root.parent]
    return next((folder for folder in folders if is_file(named_file(folder, first))), root)


def encode_masks(
    table: Table,
    column: str,
    classes: tuple[str, ...],
    sizes: np.ndarray,
    meaning: MaskMap | None = None,
) -> tuple[MaskTargets, list[Fault]]:
    """Where the masks of all rows are; no pixel is read.

    Args:
        table: N rows.
        column: Of file names or objects.
        classes: The K classes.
        sizes: (N, 2) height and width of the displayed images; 0 where unreadable.
        meaning: The values or colours of the classes in files; 0, 1, 2, … when None.
    """
    faults: list[Fault] = []
    if is_objects(table.column(column).type):
        source, known, faults = _segments(table, column, classes)
    else:
        source = mask_files(table, column, meaning)
        known = source.names.is_valid().to_numpy(zero_copy_only=False)
    present = np.full((len(table), len(classes)), UNKNOWN, np.int8)
    return MaskTargets(source, sizes.astype(np.int32), known, present), faults


def _segments(
    table: Table, column: str, classes: tuple[str, ...]
) -> tuple[MaskSegments, np.ndarray, list[Fault]]:
    """Segments of objects; pixels under none are background where all labels were looked for."""
    cells = read_objects(table, column)
    place = {label: i for i, label in enumerate(classes)}
    labels = np.array([*(place.get(label, -1) for label in cells.labels), -1])[cells.codes]
    odd = np.flatnonzero((labels < 0) & (cells.codes >= 0))
    faults = unknown_label_faults(
        table, cells.rows[odd], [cells.labels[code] for code in cells.codes[odd]], classes
    )
    objects = tuple(label for label in classes if label != BACKGROUND)
    is_whole = known_labels(table, column, cells.known, objects).all(1)
    background = place.get(BACKGROUND, UNKNOWN_PIXEL)
    counts = np.bincount(cells.rows, minlength=len(table))
    source = MaskSegments(
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        labels=np.where(labels < 0, UNKNOWN_PIXEL, labels).astype(np.uint8),
        segmentations=cells.segmentations,
        boxes_xyxy=cells.boxes_xyxy,
        uncovered=np.where(is_whole, background, UNKNOWN_PIXEL).astype(np.uint8),
        fractions=is_fraction(table, column),
    )
    return source, cells.known, faults

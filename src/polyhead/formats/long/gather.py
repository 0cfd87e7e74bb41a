"""From a table with a row a box or a label to one with a row an image."""

from __future__ import annotations

import pyarrow as pa

from polyhead.errors import ConfigError, first_few
from polyhead.formats.long.boxes import GatheredBoxes, RowBoxes, gather_boxes
from polyhead.formats.long.image_rows import ImageRows, group_rows, varying_columns
from polyhead.formats.long.label_columns import find_label_columns
from polyhead.formats.long.labels import gather_labels
from polyhead.formats.long.quads import read_quads
from polyhead.formats.long.spellings import (
    LABELS,
    OPEN_IMAGES,
    BoxColumns,
    Rows,
    find_boxes,
    find_named,
    plain,
)
from polyhead.formats.long.via import read_via
from polyhead.formats.raw_table import RawTable
from polyhead.table import IMAGE, is_objects


def gather_rows(
    raw: RawTable, source: str, rows: Rows | None = None
) -> tuple[RawTable, GatheredBoxes | None]:
    """The table with a row an image, and the boxes whose format is still to be resolved.

    A table whose rows are images already comes back as it is.

    Args:
        raw: Of any format, its column of images called `image`.
        source: File name, for messages.
        rows: What a row is, from the config; found when None.

    Raises:
        ConfigError: `E_ROWS`: a row is no such thing.
        DataError: As `read_via` and `gather_labels`.
    """
    nested = any(is_objects(kind) for kind in raw.data.schema.types)
    if rows == "image" or (nested and rows is None):
        return raw, None
    found = None if rows in ("label", "vote") else _boxes(raw.data, source)
    if found is None and rows == "box":
        raise _no_box(raw.data)
    images = group_rows(raw)
    if found is not None:
        return gather_boxes(raw, images, varying_columns(raw, images), found, source)
    if not _may_hold_labels(raw, images, rows):
        return raw, None
    columns = find_label_columns(raw, images, varying_columns(raw, images), rows)
    if columns is None:
        return raw, None
    return gather_labels(raw, images, columns, rows, source), None


def _may_hold_labels(raw: RawTable, images: ImageRows, rows: Rows | None) -> bool:
    """Whether it is worth comparing rows: images repeat, or there are answers beside labels."""
    return rows is not None or images.num_several > 0 or raw.data.num_columns > 2


def _boxes(data: pa.Table, source: str) -> RowBoxes | None:
    """The boxes of R rows; None where no columns spell any."""
    via = read_via(data, source)
    if via is not None:
        return via
    names = [name for name in data.column_names if name != IMAGE]
    columns = find_boxes(names)
    quads = None if columns is None else read_quads(data, columns)
    if columns is None or quads is None:
        return None
    label = find_named([name for name in names if name not in columns.names], LABELS)
    summary = _summary(columns, label)
    by_keys = quads.format is not None and columns.format is None
    return RowBoxes(
        quads,
        None if label is None else data.column(label),
        (*columns.names, *([] if label is None else [label])),
        summary,
        () if by_keys else columns.choices,
        columns.format is not None,
        own_labels_only={*map(plain, names)} >= {*OPEN_IMAGES, "isgroupof"},
    )


def _summary(columns: BoxColumns, label: str | None) -> str:
    where = f"the label in {label}" if label else 'all named "object", as no column has labels'
    return f"{', '.join(columns.names)} ({where})"


def _no_box(data: pa.Table) -> ConfigError:
    message = (
        f"`rows: box` and no columns hold a box (found {first_few(data.column_names, 20)}); call "
        "them label, x_min, y_min, x_max and y_max, one number a cell."
    )
    return ConfigError(message, code="E_ROWS")

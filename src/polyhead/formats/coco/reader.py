"""COCO: one JSON object with `images`, `annotations` and `categories`.

The columns are `image`, `image_id` (the file's ids, as text) and `objects`. Each image of the file
was annotated: one without annotations has no objects. `bbox` is x, y, width, height in pixels;
an annotation without one takes the box around its polygons. Category ids may have gaps and any
order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from polyhead.errors import Fault
from polyhead.formats.coco.annotations import Ids, read_annotations
from polyhead.formats.coco.categories import read_categories
from polyhead.formats.coco.document import check_lists, missing
from polyhead.formats.coco.numbers import read_sizes
from polyhead.formats.faults import MAX_ROW_FAULTS
from polyhead.formats.images.image_names import is_unicode
from polyhead.formats.long.spellings import FORMAT_WORDS
from polyhead.formats.raw_table import RawTable
from polyhead.table import IMAGE, OBJECTS, objects_field
from polyhead.table.object_spellings import BoxFormat


def read_document(
    document: dict[str, Any], source: str, box_format: BoxFormat | None = None
) -> RawTable:
    """Read one document.

    Args:
        document: For which `is_coco` holds.
        source: File name, for messages.
        box_format: What `bbox` holds, where the user sets it.

    Returns:
        A row for each image; faults on single annotations, which are left out:
        `E_UNKNOWN_IMAGE`, `E_UNKNOWN_CATEGORY`, `E_ANNOTATION`; and `E_DUPLICATE_ID`,
        `W_DUPLICATE_ID`, `W_DUPLICATE_CATEGORY`, `W_SUPERCATEGORY`, `N_SUPERCATEGORY`,
        `N_CATEGORY_GROUP`, `N_BOX_FORMAT`.

    Raises:
        DataError: Its lists hold something else; names it and its place.
    """
    check_lists(document, source)
    images = document["images"]
    names, ids = _names(images, source), _ids(images, source)
    row_of = dict(zip(reversed(ids), range(len(ids) - 1, -1, -1), strict=True))
    categories, notes = read_categories(document, source)
    known = Ids(source, names, row_of, categories, box_format or "xywh")
    cells, faults = read_annotations(document["annotations"], known)
    field = objects_field(
        OBJECTS,
        categories.labels,
        categories.ids,
        supercategories=categories.supercategories,
    )
    schema = pa.schema([(IMAGE, pa.string()), ("image_id", pa.string()), field])
    columns = [
        pa.array(names, pa.string()),
        pa.array([str(found) for found in ids], pa.string()),
        cells.column(categories.labels, np.ones(len(names), bool)),
    ]
    faults = (
        *_repeated(ids, names, row_of, source),
        *notes,
        *_format_note(box_format, source),
        *faults,
    )
    data, lines = pa.table(columns, schema=schema), np.zeros(len(names), np.int32)
    return RawTable(data, lines, faults, annotated_sizes=read_sizes(images))


def _format_note(box_format: BoxFormat | None, source: str) -> list[Fault]:
    if box_format in (None, "xywh"):
        return []
    message = f"bbox is read as {FORMAT_WORDS[box_format]} in pixels, as box_format says."
    return [Fault("N_BOX_FORMAT", source, message)]


def _names(images: Sequence[dict[str, Any]], source: str) -> list[str]:
    names = [image.get("file_name") for image in images]
    for position, name in enumerate(names):
        if not isinstance(name, str) or "\0" in name or not is_unicode(name):
            raise missing(source, "images", position, images[position], "file_name")
    return [str(name) for name in names]


def _ids(images: Sequence[dict[str, Any]], source: str) -> list[int | str]:
    ids: list[int | str] = []
    for position, image in enumerate(images):
        found = image.get("id")
        if not isinstance(found, int | str):
            raise missing(source, "images", position, image, "id")
        ids.append(found)
    return ids


def _repeated(
    ids: Sequence[int | str], names: Sequence[str], row_of: dict[Any, int], source: str
) -> list[Fault]:
    """`E_DUPLICATE_ID` for each image whose id an earlier one has."""
    rows = [row for row, found in enumerate(ids) if row_of[found] != row]
    return [
        Fault(
            "E_DUPLICATE_ID",
            f"{source} {names[row]}",
            f"the image has the id {ids[row]} of {names[row_of[ids[row]]]}, so nobody can tell "
            "whose the annotations are; give each image an id of its own.",
            row,
        )
        for row in rows[:MAX_ROW_FAULTS]
    ]

"""COCO: one JSON file of images, annotations and categories."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.files import write_bytes
from polyhead.formats.writers.conversion_loss import ConversionLoss, lost_columns
from polyhead.formats.writers.names import names_from
from polyhead.formats.writers.object_rows import ObjectFormat, ObjectRows
from polyhead.table import Table

IMAGE_ID = "image_id"
OBJECT_FORMAT = ObjectFormat(
    "pixels", frozenset({"crowd", "area", "segmentation", "category_ids", "supercategories"})
)


def write_coco(
    table: Table, found: ObjectRows, sizes: np.ndarray, out: Path
) -> list[ConversionLoss]:
    """Write the annotated images, also those without objects.

    An object without an area gets that of its box, which other programs need.

    Args:
        table: The annotations.
        found: Its objects, in pixels.
        sizes: (N, 2) height and width of the displayed images; 0 where unknown.
        out: The file.

    Returns:
        Other columns, and image ids used twice.

    Raises:
        PolyheadError: `E_WRITE`.
    """
    names = names_from(table, out.parent)
    ids, num_lost = _image_ids(table, found.rows)
    category_ids = found.category_ids or list(range(1, len(found.labels) + 1))
    images = [
        {"id": image_id, "file_name": names[row], **_size(sizes[row])}
        for image_id, row in zip(ids, found.rows.tolist(), strict=True)
    ]
    document = {
        "images": images,
        "annotations": _annotations(found, ids, category_ids),
        "categories": [
            _category(number, label, found.supercategories.get(label))
            for number, label in zip(category_ids, found.labels, strict=True)
        ],
    }
    write_bytes(out, json.dumps(document, ensure_ascii=False, allow_nan=False).encode())
    losses = [ConversionLoss("image id", num_lost, "used twice")] if num_lost else []
    return [*losses, *lost_columns(table, [found.column, IMAGE_ID])]


def _category(number: int, label: str, supercategory: str | None) -> dict[str, Any]:
    extra = {} if supercategory is None else {"supercategory": supercategory}
    return {"id": number, "name": label, **extra}


def _size(size: np.ndarray) -> dict[str, int]:
    height, width = map(int, size)
    return {"width": width, "height": height} if height and width else {}


def _annotations(
    found: ObjectRows, image_ids: Sequence[int | str], category_ids: Sequence[int]
) -> list[dict[str, Any]]:
    images = np.repeat(np.arange(len(found.rows)), found.lengths).tolist()
    values = found.values
    annotations = []
    for number, (image, label, box) in enumerate(
        zip(images, found.label_of.tolist(), found.boxes_xyxy.tolist(), strict=True)
    ):
        x_min, y_min, x_max, y_max = box
        area, outline = values["area"][number], values["segmentation"][number]
        annotations.append(
            {
                "id": number + 1,
                "image_id": image_ids[image],
                "category_id": category_ids[label],
                "bbox": [x_min, y_min, x_max - x_min, y_max - y_min],
                "area": (x_max - x_min) * (y_max - y_min) if area is None else area,
                "iscrowd": int(bool(values["crowd"][number])),
                **({"segmentation": json.loads(outline)} if outline else {}),
            }
        )
    return annotations


def _image_ids(table: Table, rows: np.ndarray) -> tuple[list[int | str], int]:
    """An id an image: the table's, whole numbers as such; new ones where it has none.

    Returns:
        The ids, and how many of the table's are replaced because an earlier image has them.
    """
    written = [None] * len(rows)
    if IMAGE_ID in table.data.column_names:
        written = table.column(IMAGE_ID).take(rows).to_pylist()
    known = [_number(text) if isinstance(text, str) else None for text in written]
    following = max((i for i in known if isinstance(i, int)), default=0) + 1
    ids, taken, num_lost = list[int | str](), set[int | str](), 0
    for found in known:
        if found is None or found in taken:
            num_lost += found is not None
            ids.append(following)
            following += 1
        else:
            ids.append(found)
        taken.add(ids[-1])
    return ids, num_lost


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and str(int(text)) == text else text

"""YOLO: a text file an image, classes in `data.yaml`, images as links."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

from polyhead.formats.writers.conversion_loss import ConversionLoss, lost_columns
from polyhead.formats.writers.folder import link_image, new_folder
from polyhead.formats.writers.label_lines import check_labels
from polyhead.formats.writers.names import flat_names
from polyhead.formats.writers.object_rows import ObjectFormat, ObjectRows
from polyhead.formats.writers.splits import PARTS, SPLIT, splits_of
from polyhead.progress import Advance
from polyhead.table import Table

OBJECT_FORMAT = ObjectFormat("fraction", links_images=True)


def write_yolo(
    table: Table, found: ObjectRows, out: Path, advance: Advance
) -> list[ConversionLoss]:
    """Write `labels/a.txt` for `images/a.jpg`, in folders by split where each image has one.

    An image without objects gets an empty file. Nine digits keep boxes within 1e-9 of a side.

    Args:
        table: The annotations.
        found: Its objects, in fractions of the images' sides.
        out: The folder; it must not exist.
        advance: Told each image.

    Returns:
        Other columns.

    Raises:
        ConfigError: `E_LABEL_TEXT`.
        PolyheadError: `E_WRITE`.
    """
    check_labels(found.labels, "YOLO")
    splits = splits_of(table, found.rows)
    names = flat_names([table.image(row) for row in found.rows.tolist()], ["classes"])
    lines = _lines(found)
    with new_folder(out) as folder:
        parts = [""] * len(names) if splits is None else splits
        for part in sorted(set(parts)):
            for kind in ("images", "labels"):
                (folder / kind / part).mkdir(parents=True)
        for name, part, (row, objects) in zip(names, parts, found.slices(), strict=True):
            link_image(table.path(row), folder / "images" / part / name)
            label_file = folder / "labels" / part / f"{PurePosixPath(name).stem}.txt"
            label_file.write_text("".join(lines[objects]), encoding="utf-8")
            advance(1, "")
        (folder / "data.yaml").write_text(_data_yaml(found.labels, splits), encoding="utf-8")
    kept = [found.column] if splits is None else [found.column, SPLIT]
    return lost_columns(table, kept)


def _lines(found: ObjectRows) -> list[str]:
    x_min, y_min, x_max, y_max = found.boxes_xyxy.T
    sides = (found.label_of, (x_min + x_max) / 2, (y_min + y_max) / 2, x_max - x_min, y_max - y_min)
    return [
        f"{label} {x:.9f} {y:.9f} {width:.9f} {height:.9f}\n"
        for label, x, y, width, height in zip(*(side.tolist() for side in sides), strict=True)
    ]


def _data_yaml(labels: list[str], splits: list[str] | None) -> str:
    """Without splits, both parts that other programs ask for are all images."""
    places = {"train": "images", "val": "images"}
    if splits is not None:
        places = {part: f"images/{part}" for part in PARTS if part in splits}
    # JSON is YAML in which every name is quoted.
    names = [
        f"  {number}: {json.dumps(label, ensure_ascii=False)}\n"
        for number, label in enumerate(labels)
    ]
    heads = [f"{part}: {place}\n" for part, place in places.items()]
    return "".join([*heads, "names:\n" if names else "names: {}\n", *names])

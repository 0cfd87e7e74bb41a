"""VOC: an xml file an image in `Annotations`, images as links in `JPEGImages`."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np

from polyhead.formats.writers.conversion_loss import ConversionLoss, lost_columns
from polyhead.formats.writers.folder import link_image, new_folder
from polyhead.formats.writers.label_lines import check_labels
from polyhead.formats.writers.names import flat_names
from polyhead.formats.writers.object_rows import ObjectFormat, ObjectRows
from polyhead.formats.writers.splits import SPLIT, splits_of
from polyhead.progress import Advance
from polyhead.table import Table

OBJECT_FORMAT = ObjectFormat("pixels", frozenset({"difficult"}), links_images=True)


def write_voc(
    table: Table, found: ObjectRows, sizes: np.ndarray, out: Path, advance: Advance
) -> list[ConversionLoss]:
    """Write boxes counted from 1 with the last pixel included: x_min + 1, y_min + 1, x_max, y_max.

    Whole numbers are written as such, others with all digits.

    Args:
        table: The annotations.
        found: Its objects, in pixels.
        sizes: (N, 2) height and width of the displayed images; 0 where unknown.
        out: The folder; it must not exist.
        advance: Told each image.

    Returns:
        Labels without an object, the order of labels where it is not by name, and other columns.

    Raises:
        ConfigError: `E_LABEL_TEXT`.
        PolyheadError: `E_WRITE`.
    """
    check_labels(found.labels, "VOC")
    splits = splits_of(table, found.rows)
    names = flat_names([table.image(row) for row in found.rows.tolist()])
    with new_folder(out) as folder:
        for kind in ("Annotations", "JPEGImages"):
            (folder / kind).mkdir()
        for name, (row, objects) in zip(names, found.slices(), strict=True):
            link_image(table.path(row), folder / "JPEGImages" / name)
            tree = _tree(name, sizes[row], found, range(objects.start, objects.stop))
            tree.write(folder / "Annotations" / f"{PurePosixPath(name).stem}.xml", "utf-8")
            advance(1, "")
        if splits is not None:
            _write_splits(folder / "ImageSets" / "Main", names, splits)
    kept = [found.column] if splits is None else [found.column, SPLIT]
    return [*_lost_labels(found), *lost_columns(table, kept)]


def _tree(name: str, size: np.ndarray, found: ObjectRows, objects: range) -> ElementTree:
    root = Element("annotation")
    SubElement(root, "folder").text = "JPEGImages"
    SubElement(root, "filename").text = name
    height, width = map(int, size)
    if height and width:
        sides = SubElement(root, "size")
        for key, value in (("width", width), ("height", height), ("depth", 3)):
            SubElement(sides, key).text = str(value)
    for index in objects:
        item = SubElement(root, "object")
        SubElement(item, "name").text = found.labels[found.label_of[index]]
        SubElement(item, "difficult").text = str(int(bool(found.values["difficult"][index])))
        x_min, y_min, x_max, y_max = found.boxes_xyxy[index].tolist()
        box = SubElement(item, "bndbox")
        for key, value in zip(
            ("xmin", "ymin", "xmax", "ymax"), (x_min + 1, y_min + 1, x_max, y_max), strict=True
        ):
            SubElement(box, key).text = str(int(value)) if value.is_integer() else repr(value)
    indent(root)
    return ElementTree(root)


def _write_splits(folder: Path, names: list[str], splits: list[str]) -> None:
    folder.mkdir(parents=True)
    for part in sorted(set(splits)):
        stems = [PurePosixPath(n).stem for n, s in zip(names, splits, strict=True) if s == part]
        (folder / f"{part}.txt").write_text("".join(f"{stem}\n" for stem in stems), "utf-8")


def _lost_labels(found: ObjectRows) -> list[ConversionLoss]:
    used = {found.labels[index] for index in np.unique(found.label_of)}
    left = [label for label in found.labels if label in used]
    unused = len(found.labels) - len(left)
    losses = [ConversionLoss("label", unused, "without an object")] if unused else []
    if left != sorted(left):
        losses.append(ConversionLoss("label", len(left), "in an order of their own"))
    return losses

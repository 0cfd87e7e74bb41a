"""From the objects of a table to the targets of a boxes task."""

from __future__ import annotations

import numpy as np

from polyhead.errors import Fault
from polyhead.table import BoxTargets, Table
from polyhead.tasks.boxes.box_cells import (
    BoxCells,
    category_numbers,
    image_numbers,
    is_fraction,
    read_objects,
)
from polyhead.tasks.boxes.faults import BoxRows, box_faults
from polyhead.tasks.boxes.labels import box_label_faults
from polyhead.tasks.known_labels import known_labels
from polyhead.tasks.labels import spelling_faults, support_faults


def encode_boxes(
    table: Table,
    column: str,
    classes: tuple[str, ...],
    sizes: np.ndarray,
    *,
    keep_difficult: bool,
    is_declared: bool,
) -> tuple[BoxTargets, list[Fault]]:
    """The boxes of all rows in pixels of the displayed images, clipped to them.

    Args:
        table: N rows.
        column: Of the objects.
        classes: The K classes.
        sizes: (N, 2) height and width; 0 where the image is unreadable.
        keep_difficult: Whether objects declared difficult count as any other.
        is_declared: Whether the classes are the user's, not gathered from the labels.

    Returns:
        The targets, without the boxes that cannot be used, have no known class, or are of a class
        that their row was not annotated for; and faults.
    """
    cells = read_objects(table, column)
    boxes = _in_pixels(table, column, cells, sizes)
    unusable, faults = box_faults(table, column, boxes)
    place = {label: i for i, label in enumerate(classes)}
    labels = np.array([*(place.get(label, -1) for label in cells.labels), -1])[cells.codes]
    faults += box_label_faults(table, column, cells, labels, classes)
    if not is_declared:
        faults += spelling_faults(cells.counts(), f'{table.source} column "{column}"')
    known = known_labels(table, column, cells.known, classes)
    kept = np.flatnonzero(~unusable & (labels >= 0) & known[cells.rows, labels])
    rows, pixels = cells.rows[kept], _clipped(boxes, kept)
    ignored = cells.crowd | (cells.difficult & (not keep_difficult))
    targets = BoxTargets(
        offsets=np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(table)))]),
        boxes_xyxy=pixels.astype(np.float32),
        labels=labels[kept],
        ignored=ignored[kept],
        areas=_areas(cells.areas[kept], pixels),
        known=known,
        sizes=sizes.astype(np.int32),
        image_ids=image_numbers(table, column),
        category_ids=category_numbers(table, column, classes),
    )
    positives = np.bincount(targets.labels[~targets.ignored], minlength=len(classes))
    return targets, [*faults, *support_faults(classes, positives, table.source, faults)]


def _in_pixels(table: Table, column: str, cells: BoxCells, sizes: np.ndarray) -> BoxRows:
    limits = np.tile(sizes[cells.rows][:, ::-1].astype(np.float64), 2)
    fractions = is_fraction(table, column)
    # Where no size is known, a placeholder keeps the order of the sides, which is still checked.
    factors = np.where(limits > 0, limits, 1) if fractions else 1.0
    return BoxRows(cells.rows, cells.boxes_xyxy * factors, limits, cells.boxes_xyxy, fractions)


def _clipped(boxes: BoxRows, kept: np.ndarray) -> np.ndarray:
    pixels, limits = boxes.boxes_xyxy[kept], boxes.limits[kept]
    return np.where(limits > 0, np.clip(pixels, 0, limits), pixels)


def _areas(annotated: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Areas as annotated, where they are; else those of the boxes."""
    sides = pixels[:, 2:] - pixels[:, :2]
    return np.where(np.isfinite(annotated) & (annotated > 0), annotated, sides.prod(1))

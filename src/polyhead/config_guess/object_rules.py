"""Tasks of a column of objects: boxes, a mask where they have outlines, and tags."""

from __future__ import annotations

import numpy as np

from polyhead.config_guess.proposal import Decision
from polyhead.config_guess.supercategory_rules import hierarchy_of, supercategory_tags
from polyhead.table import Table, category_ids_of, is_objects, labels_column
from polyhead.table.mask_sources import UNKNOWN_PIXEL
from polyhead.tasks.boxes.box_cells import (
    IMAGE_ID,
    BoxCells,
    is_fraction,
    object_classes,
    read_objects,
)
from polyhead.tasks.mask.mask_cells import BACKGROUND

_MAX_NAMED = 8


def object_columns(table: Table) -> list[str]:
    """The columns that hold lists of objects."""
    return [name for name in table.columns if is_objects(table.column(name).type)]


def belongs_to_objects(table: Table) -> dict[str, Decision | None]:
    """Columns that describe other columns, with their decisions.

    Returns:
        The ids of a COCO file with their decision; with None the columns of annotated
        labels, which no user wrote.
    """
    found: dict[str, Decision | None] = {
        labels_column(name): None for name in table.columns if labels_column(name) in table.columns
    }
    schema = table.data.schema
    is_coco = any(category_ids_of(schema.field(name)) is not None for name in object_columns(table))
    if is_coco and IMAGE_ID in table.columns:
        reason = "the ids of the images in the COCO file; COCO results use them again"
        found[IMAGE_ID] = Decision((IMAGE_ID,), None, "identifier", reason)
    return found


def objects_tasks(table: Table, name: str) -> list[Decision]:
    """The boxes task of a column, and the offers of a mask and of tags; or why there is none."""
    cells = read_objects(table, name)
    if not len(cells.rows):
        reason = f"boxes, but there is no object in any of {len(table):,} rows"
        return [Decision((name,), None, "boxes", reason)]
    classes, keys = object_classes(table, name), {"column": name}
    boxes = Decision((name,), name, "boxes", _reason(table, name, cells, classes), classes, keys)
    offers = (_mask_offer(name, cells, classes), supercategory_tags(table, name, classes))
    return [boxes, *(offer for offer in offers if offer is not None)]


def _mask_offer(name: str, cells: BoxCells, classes: tuple[str, ...]) -> Decision | None:
    num_outlines = int(cells.segmentations.is_valid().to_numpy(zero_copy_only=False).sum())
    if not num_outlines or len(classes) >= UNKNOWN_PIXEL:
        return None
    reason = (
        f"{num_outlines:,} of {len(cells.rows):,} objects have outlines, from which a mask of "
        f"{BACKGROUND} and their labels can be learnt too"
    )
    if num_outlines < len(cells.rows):
        reason += "; what lies in the box of any other is unknown"
    return Decision((name,), f"{name}_mask", "mask", reason, keys={"column": name}, is_offer=True)


def _reason(table: Table, name: str, cells: BoxCells, classes: tuple[str, ...]) -> str:
    num_with, num_known = len(np.unique(cells.rows)), int(cells.known.sum())
    reason = (
        f"{len(cells.rows):,} labelled boxes in {num_with:,} of {len(table):,} images"
        f"{', in fractions of their sides' * is_fraction(table, name)}: {_frequencies(cells)}"
    )
    without = [label for label in classes if not cells.counts().get(label)]
    if without:
        more = ", …" * (len(without) > _MAX_NAMED)
        reason += f"; no box says {', '.join(without[:_MAX_NAMED])}{more}"
    if num_known > num_with:
        reason += f"; {num_known - num_with:,} images have none"
    if num_known < len(table):
        reason += f"; in {len(table) - num_known:,} no one annotated, read as unknown"
    if labels_column(name) in table.columns:
        reason += "; some images were annotated for some labels only"
    everything = hierarchy_of(table, name, classes).everything
    if everything is not None:
        reason += f'; all are in the supercategory "{everything}", which separates none of them'
    return reason


def _frequencies(cells: BoxCells) -> str:
    counts = {label: number for label, number in cells.counts().items() if number}
    if len(counts) < 2:
        return f"all {next(iter(counts), 'without a label')}"
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    if counts[most] == counts[least]:
        return f"{len(counts):,} labels, each {counts[most]:,} times"
    return (
        f"{len(counts):,} labels, the commonest {most} ({counts[most]:,}), "
        f"the rarest {least} ({counts[least]:,})"
    )

"""The annotations of a COCO document, as columns."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from polyhead.errors import Fault
from polyhead.formats.coco.categories import Categories
from polyhead.formats.coco.document import missing
from polyhead.formats.coco.numbers import read_areas, read_boxes, read_crowds
from polyhead.formats.faults import MAX_ROW_FAULTS
from polyhead.formats.object_cells import ObjectCells
from polyhead.table.object_spellings import BoxFormat

_Items = Sequence[dict[str, Any]]
_READ = frozenset(["id", "image_id", "category_id", "bbox", "area", "iscrowd", "segmentation"])
_ANGLES = ("rotation", "angle", "theta")


@dataclass(frozen=True)
class Ids:
    """The images and labels that the ids of annotations refer to.

    Attributes:
        source: File name, for messages.
        names: (N,) names of the images.
        row_of: Image id to row.
        categories: Category ids to labels.
        box_format: What `bbox` holds.
    """

    source: str
    names: Sequence[str]
    row_of: dict[Any, int]
    categories: Categories
    box_format: BoxFormat = "xywh"


def read_annotations(items: _Items, ids: Ids) -> tuple[ObjectCells, list[Fault]]:
    """The objects of all images, without those that are at fault.

    Raises:
        DataError: `E_COCO`: an id or a value of a kind that has no meaning there.
    """
    rows = _lookup(items, "image_id", ids.row_of, ids.source)
    labels = _lookup(items, "category_id", ids.categories.index_of, ids.source)
    boxes, broken = read_boxes(items, ids.box_format)
    good = np.flatnonzero((rows >= 0) & (labels >= 0) & ~broken)
    faults = [
        *_report("E_UNKNOWN_IMAGE", items, np.flatnonzero(rows < 0), ids),
        *_report("E_UNKNOWN_CATEGORY", items, np.flatnonzero((rows >= 0) & (labels < 0)), ids),
        *_report("E_ANNOTATION", items, np.flatnonzero(broken), ids),
        *_repeated(items, ids.source),
        *_unread(items, ids.source),
    ]
    kept = [items[k] for k in good.tolist()]
    cells = ObjectCells(
        rows[good],
        labels[good],
        boxes[good],
        crowd=read_crowds(kept, good, ids.source),
        areas=read_areas(kept, good, ids.source),
        segmentations=_segmentations(kept),
    )
    return cells, faults


def _lookup(items: _Items, key: str, index_of: dict[Any, int], source: str) -> np.ndarray:
    """(M,) int64; −1 for an id that the file does not have."""
    try:
        return np.array([index_of.get(item.get(key), -1) for item in items], np.int64)
    except TypeError as error:  # a list or an object in place of an id
        for position, item in enumerate(items):
            if isinstance(item.get(key), list | dict):
                raise missing(source, "annotations", position, item, key) from error
        raise


def _segmentations(items: _Items) -> pa.Array | None:
    found = [item.get("segmentation") for item in items]
    if not any(found):
        return None
    return pa.array([json.dumps(value) if value else None for value in found], pa.string())


def _report(code: str, items: _Items, positions: np.ndarray, ids: Ids) -> list[Fault]:
    faults = [_fault(code, items[k], int(k), ids) for k in positions[:MAX_ROW_FAULTS]]
    rest = len(positions) - len(faults)
    if rest:
        message = f"{rest} more annotations have the same fault; mend the cause, then check again."
        faults.append(Fault(code, ids.source, message))
    return faults


def _fault(code: str, item: dict[str, Any], position: int, ids: Ids) -> Fault:
    row = ids.row_of.get(item.get("image_id"))
    name = "" if row is None else f" {ids.names[row]}"
    where = f"{ids.source} annotations[{position}]{name}"
    return Fault(code, where, _MESSAGES[code](item, ids), row)


def _about_image(item: dict[str, Any], ids: Ids) -> str:
    if "image_id" not in item:
        return f"no image_id among the keys {', '.join(map(str, item))}; give it one."
    if other := _alike(item["image_id"], ids.row_of):
        return f"image_id {other}"
    return (
        f"image_id {item['image_id']!r} is the id of no image in the file; "
        "add the image or remove the annotation."
    )


def _about_category(item: dict[str, Any], ids: Ids) -> str:
    if "segments_info" in item:
        return "a panoptic annotation; give the file of instances (boxes) instead."
    if "category_id" not in item:
        return f"no category_id among the keys {', '.join(map(str, item))}; give it one."
    if other := _alike(item["category_id"], ids.categories.index_of):
        return f"category_id {other}"
    return (
        f"category_id {item['category_id']!r} is the id of no category in the file; "
        "add the category or remove the annotation."
    )


def _alike(found: Any, known: Collection[Any]) -> str | None:
    """A hint on an id that is text where the file's own is a number, or the reverse."""
    other = next((each for each in known if str(each) == str(found)), None)
    if other is None:
        return None
    kinds = ("text", "a number") if isinstance(found, str) else ("a number", "text")
    return (
        f"{found!r} is {kinds[0]}, while that id is {kinds[1]} ({other!r}) where the file lists "
        "it; write both in one way, with or without quotes."
    )


def _about_box(item: dict[str, Any], _ids: Ids) -> str:
    found = f"bbox is {str(item['bbox'])[:60]}" if item.get("bbox") else "there is no bbox"
    return f"{found}; expected four numbers: x, y, width, height in pixels; write or remove it."


_MESSAGES = {
    "E_UNKNOWN_IMAGE": _about_image,
    "E_UNKNOWN_CATEGORY": _about_category,
    "E_ANNOTATION": _about_box,
}


def _repeated(items: _Items, source: str) -> list[Fault]:
    """One warning on repeated ids: they are not used, but a file written twice has each twice."""
    ids = [item["id"] for item in items if isinstance(item.get("id"), int | str)]
    repeats = len(ids) - len(set(ids))
    if not repeats:
        return []
    message = (
        f"{repeats} annotations have the id of an earlier one; make sure that no object is in "
        "the file twice, and renumber them."
    )
    return [Fault("W_DUPLICATE_ID", source, message)]


def _unread(items: _Items, source: str) -> list[Fault]:
    """A note on keys that are not read, and a warning on boxes that are turned."""
    keys = sorted({key for item in items for key in item.keys() - _READ if item[key]})
    if not keys:
        return []
    message = f"keys of annotations that are not read: {', '.join(keys[:20])}."
    return [Fault("N_OBJECT_KEYS", source, message), *_turned(items, keys, source)]


def _turned(items: _Items, keys: Sequence[str], source: str) -> list[Fault]:
    """A warning: a box that its tool shows turned lies elsewhere than the upright one."""
    places = [key for key in ("attributes", *_ANGLES) if key in keys]
    boxed = [item for item in items if item.get("bbox")]
    turned = [item for item in boxed if any(_angle(item.get(key)) for key in places)]
    if not turned:
        return []
    message = (
        f"{len(turned):,} of {len(items):,} annotations have a box and an angle (rotation), which "
        "is not read: their boxes are read as upright; where the tool turns them "
        "about their centre, write the upright box around each in bbox, or export polygons and "
        "leave bbox out."
    )
    return [Fault("W_BOX_TURNED", source, message)]


def _angle(value: Any) -> bool:
    """Whether a value, or one with such a key below it, is an angle other than 0."""
    if isinstance(value, dict):
        return any(_angle(value.get(key)) for key in _ANGLES)
    return isinstance(value, int | float) and not isinstance(value, bool) and value % 360 != 0

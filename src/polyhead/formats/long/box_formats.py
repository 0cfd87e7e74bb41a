"""The format of a table's boxes, resolved once its images are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from polyhead.errors import Fault, first_few
from polyhead.formats.faults import refusal
from polyhead.formats.long.boxes import GatheredBoxes
from polyhead.formats.long.spellings import FORMAT_WORDS
from polyhead.formats.object_cells import ObjectCells
from polyhead.table import OBJECTS, Table, labels_column, objects_field
from polyhead.table.label_text import LABEL_LISTS
from polyhead.table.object_spellings import BoxFormat, to_corners

SLACK = 1.0  # pixels outside that rounding explains
_MOST_MEASURED = 2000
_TURNED = (5, 6, 7, 8)  # orientations of EXIF that swap the sides
_ORIENTATION = 274


def resolve_boxes(table: Table, boxes: GatheredBoxes, wanted: BoxFormat | None) -> Table:
    """Add the column of objects, in the one format that fits the images.

    Args:
        table: N images.
        boxes: Their boxes.
        wanted: The format in the config, for numbers whose header leaves it open.

    Returns:
        The table with a note `N_LONG_TABLE` on what was read as what.

    Raises:
        DataError: `E_BOX_FORMAT`: four numbers may be several things, and the data does not decide.
    """
    quads, kind, why = boxes.cells.boxes_xyxy, boxes.found.quads.format, ""
    outlines = boxes.cells.segmentations
    if quads.shape[1] == 8:
        corners, words = _around(quads), "four corners of an outline, read as the box around it"
        outlines = pa.array([f"[{row}]" for row in quads.tolist()], pa.string())
    else:
        if boxes.found.choices:
            kind, why = (wanted, " as box_format says") if wanted else _fitting(table, boxes)
        assert kind is not None
        corners, words = to_corners(quads, kind), FORMAT_WORDS[kind]
    cells = replace(boxes.cells, boxes_xyxy=corners, segmentations=outlines)
    note = Fault("N_LONG_TABLE", table.source, _summary(table, boxes, words, why))
    table = _with_objects(table, boxes, cells)
    return replace(table, faults=(*table.faults, note))


def fits(quads: np.ndarray, kind: BoxFormat, limits: np.ndarray, slack: float) -> np.ndarray:
    """(M,) bool, whether a box lies in its image and its sides are in order.

    Args:
        quads: (M, 4) numbers.
        kind: What they are taken for.
        limits: (M, 2) width and height, infinite where unknown.
        slack: How far a box may reach out.
    """
    corners = to_corners(quads, kind)
    low, high = corners[:, :2], corners[:, 2:]
    return np.asarray(((low >= -slack) & (low <= high) & (high <= limits + slack)).all(axis=1))


def _fitting(table: Table, boxes: GatheredBoxes) -> tuple[BoxFormat, str]:
    """The format that fits, and why, in words."""
    quads, choices = boxes.cells.boxes_xyxy, boxes.found.choices
    limits, slack = _limits(table, boxes)
    kinds: tuple[BoxFormat, ...] = (*choices, "cxcywh")
    shares = {kind: float(fits(quads, kind, limits, slack).mean()) for kind in kinds}
    whole: list[BoxFormat] = [kind for kind in choices if shares[kind] == 1]
    # One box outside its image rules a format out, so the only format without any is taken. Where
    # several fit, or most boxes do, only a header with a usual meaning decides; else ask the user.
    if len(whole) == 1:
        return whole[0], ", which alone fits in all images"
    if boxes.found.is_usual and (whole or shares[choices[0]] > 0.5):
        return choices[0], ", as is usual"
    if not whole and shares["cxcywh"] == 1:
        return "cxcywh", ", which alone fits in all images"
    both = " or ".join(f"{kind} ({FORMAT_WORDS[kind]})" for kind in choices)
    found = (
        "both fit in all images"
        if whole
        else f"{' and '.join(f'{shares[k]:.1%}' for k in choices)} of the boxes fit so"
    )
    message = (
        f"the four numbers in {boxes.found.summary} may be {both}: {found}; set data.box_format "
        "to what they are (`polyhead init` and `convert`: --set data.box_format=xywh), or "
        "data.rows to image where no boxes are to be read."
    )
    raise refusal("E_BOX_FORMAT", table.source, message)


def _limits(table: Table, boxes: GatheredBoxes) -> tuple[np.ndarray, float]:
    """(M, 2) width and height beside each box, infinite where unknown, and the slack."""
    rows = boxes.cells.rows
    if boxes.units == "fraction":
        return np.ones((len(rows), 2)), 0.01
    sizes = table.annotated_sizes if table.annotated_sizes is not None else _measured(table, boxes)
    sides = sizes[rows][:, ::-1].astype(np.float64)
    return np.where(sides > 0, sides, np.inf), SLACK


def _measured(table: Table, boxes: GatheredBoxes) -> np.ndarray:
    """(N, 2) height and width of images: of all, or of those whose boxes reach out the most."""
    rows, quads = boxes.cells.rows, boxes.cells.boxes_xyxy
    sizes = np.zeros((len(table), 2), np.int32)
    chosen = np.unique(rows)
    if len(chosen) > _MOST_MEASURED:
        # Only boxes that reach far distinguish the formats: the largest of each number and of
        # their sums are those that would lie outside if read as the wrong one.
        reach = [quads[:, 2], quads[:, 3], quads[:, 0] + quads[:, 2], quads[:, 1] + quads[:, 3]]
        most = [np.argsort(-side)[: _MOST_MEASURED // 4] for side in reach]
        chosen = np.unique(rows[np.concatenate(most)])
    for row in chosen.tolist():
        sizes[row] = displayed_size(table.path(row))
    return sizes


def displayed_size(path: Path) -> tuple[int, int]:
    """Height and width from the header of the image as it is displayed; 0 where unreadable."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            is_turned = image.getexif().get(_ORIENTATION) in _TURNED
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return 0, 0
    return (width, height) if is_turned else (height, width)


def _around(corners: np.ndarray) -> np.ndarray:
    across, down = corners[:, ::2], corners[:, 1::2]
    sides = (across.min(axis=1), down.min(axis=1), across.max(axis=1), down.max(axis=1))
    return np.stack(sides, axis=1)


def _summary(table: Table, boxes: GatheredBoxes, words: str, why: str) -> str:
    cells, num_none = boxes.cells, len(table) - len(np.unique(boxes.cells.rows))
    units = "fractions of the image's sides" if boxes.units == "fraction" else "pixels"
    text = (
        f"a row is a box: {boxes.found.summary}, read as {words} in {units}{why}; "
        f"{len(cells.rows):,} boxes in {len(table) - num_none:,} images"
    )
    if num_none:
        text += f"; {num_none:,} images are listed without a box and count as having none"
    if boxes.found.own_labels_only:
        text += "; a label that an image has no box of is unknown there"
    if boxes.unread:
        text += f"; columns about single boxes that are not read: {first_few(boxes.unread, 20)}"
    return f"{text}."


def _with_objects(table: Table, boxes: GatheredBoxes, cells: ObjectCells) -> Table:
    """The column of objects in its place, and the labels each image was annotated for."""
    name = OBJECTS if OBJECTS not in table.columns else f"{OBJECTS} (boxes)"
    column = cells.column(boxes.labels, np.ones(len(table), bool))
    used = [boxes.labels[code] for code in np.unique(cells.labels)]
    names = sorted(name for name in used if name)
    field = objects_field(name, names, units=boxes.units)
    data = table.data.add_column(boxes.place, field, [column])
    if boxes.found.own_labels_only:
        lists = own_labels(cells.rows, cells.labels, boxes.labels, len(table))
        data = data.append_column(labels_column(name), pa.chunked_array([lists]))
    return replace(table, data=data)


def own_labels(
    rows: np.ndarray, codes: np.ndarray, labels: Sequence[str], num_rows: int
) -> pa.Array:
    """N lists of the labels that each row has, each once.

    Args:
        rows: (M,) row of each mention.
        codes: (M,) index of its label.
        labels: K names.
        num_rows: N.
    """
    pairs = np.unique(rows * len(labels) + codes)
    offsets = np.searchsorted(pairs // len(labels), np.arange(num_rows + 1))
    items = pa.array(list(labels), pa.string()).take(pa.array(pairs % len(labels)))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), items, type=LABEL_LISTS)

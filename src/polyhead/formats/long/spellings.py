"""Usual column names of tables that have a row a box or a label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from polyhead.table.object_spellings import BoxFormat

Rows = Literal["image", "box", "label", "vote"]

FORMAT_WORDS: dict[BoxFormat, str] = {
    "xyxy": "x_min, y_min, x_max, y_max",
    "xywh": "x_min, y_min, width, height",
    "cxcywh": "x_centre, y_centre, width, height",
}

_PREFIX = re.compile(r"(?:boundingbox|bndbox|bbox|box|roi|rect)")
_LOW = (
    ("xmin", "ymin"),
    ("minx", "miny"),
    ("x1", "y1"),
    ("x0", "y0"),
    ("left", "top"),
    ("xleft", "ytop"),
    ("leftx", "topy"),
    ("xtopleft", "ytopleft"),
    ("topleftx", "toplefty"),
    ("upperleftx", "upperlefty"),
    ("xstart", "ystart"),
    ("startx", "starty"),
    ("ulx", "uly"),
    ("tlx", "tly"),
    ("xtl", "ytl"),
    ("colmin", "rowmin"),
)
_HIGH = (
    ("xmax", "ymax"),
    ("maxx", "maxy"),
    ("x2", "y2"),
    ("x1", "y1"),
    ("right", "bottom"),
    ("xright", "ybottom"),
    ("rightx", "bottomy"),
    ("xbottomright", "ybottomright"),
    ("bottomrightx", "bottomrighty"),
    ("lowerrightx", "lowerrighty"),
    ("xend", "yend"),
    ("endx", "endy"),
    ("lrx", "lry"),
    ("brx", "bry"),
    ("xbr", "ybr"),
    ("colmax", "rowmax"),
)
_CENTRE = (
    ("cx", "cy"),
    ("xc", "yc"),
    ("xcenter", "ycenter"),
    ("xcentre", "ycentre"),
    ("centerx", "centery"),
    ("centrex", "centrey"),
    ("xctr", "yctr"),
    ("xmid", "ymid"),
)
_SIZE = (("width", "height"), ("w", "h"))
_FOURS: tuple[tuple[tuple[str, ...], BoxFormat], ...] = (
    *(((*low, *high), "xyxy") for low, high in zip(_LOW, _HIGH, strict=True)),
    *(((*centre, *size), "cxcywh") for centre, size in product(_CENTRE, _SIZE)),
    *(((*low, *size), "xywh") for low, size in product((*_LOW, ("x", "y")), _SIZE)),
)
# What else columns of these names hold in some files.
_LOOSE: dict[tuple[str, ...], tuple[BoxFormat, ...]] = {
    ("x1", "y1", "x2", "y2"): ("xyxy", "xywh"),
    ("x", "y", "width", "height"): ("xywh", "cxcywh"),
    ("x", "y", "w", "h"): ("xywh", "cxcywh"),
}
_CORNERS = tuple(f"{axis}{corner}" for corner in (1, 2, 3, 4) for axis in "xy")

ONE_CELL: dict[str, BoxFormat | None] = {
    "bbox": None,
    "box": None,
    "boundingbox": None,
    "bndbox": None,
    "boxxyxy": "xyxy",
    "bboxxyxy": "xyxy",
    "xyxy": "xyxy",
    "boxxywh": "xywh",
    "bboxxywh": "xywh",
    "xywh": "xywh",
    "boxcxcywh": "cxcywh",
    "bboxcxcywh": "cxcywh",
    "cxcywh": "cxcywh",
}
"""Columns with four numbers in a cell; None where the format is open."""

LABELS = (
    *("label", "labelname", "class", "classname", "category", "categoryname", "objectclass"),
    *("objectlabel", "objectcategory", "objectname", "object", "name", "objecttype", "type"),
    *("findinglabel", "finding", "tag", "tagname", "attribute", "attributename", "concept"),
    *("keyword", "species", "disease", "diagnosis", "defect", "defecttype", "regionlabel"),
    *("labels", "tags", "classes", "labelid", "classid", "categoryid", "classidx", "labelidx"),
)
"""Names of a column of labels, the likeliest first."""

VALUES = (
    *("value", "confidence", "present", "ispresent", "presence", "answer", "istrue", "isset"),
    *("ispositive", "exists", "score", "probability", "prob"),
)
"""Names of a column of answers: whether the label of the row holds."""

ANNOTATORS = (
    *("annotator", "annotatorid", "annotatedby", "worker", "workerid", "rater", "raterid", "user"),
    *("userid", "username", "labeler", "labeller", "labelerid", "reader", "readerid", "radid"),
    *("radiologist", "expert", "expertid", "grader", "graderid", "voter", "voterid", "coder"),
    *("observer", "participant", "participantid"),
)
OF_A_ROW = frozenset(
    (
        *("id", "index", "idx", "row", "rowid", "source", "timestamp", "date", "time", "createdat"),
        *("created", "updatedat", "duration", "leadtime", "comment", "note", "notes", "hitid"),
        *(
            "annotationid",
            "assignmentid",
            "taskid",
            "regionid",
            "regioncount",
            "objectid",
            "bboxid",
        ),
        *("boxid", "instanceid", "trackid", "filesize", "voteid", "answerid", "labelrowid"),
        *(*ANNOTATORS,),
    )
)
"""Names of columns about the row (annotator, time, number), not about the image."""

OF_AN_OBJECT = frozenset(
    (
        *("isoccluded", "occluded", "occlusion", "istruncated", "truncated", "truncation"),
        *("isdepiction", "isinside", "pose", "confidence", "score", "rotation", "angle"),
        *("segmentation", "classid", "labelid", "categoryid", "classname", "categoryname"),
        *("isverified", "viewpoint", "polygon"),
    )
)
FLAGS = {
    "crowd": ("iscrowd", "crowd", "isgroupof"),
    "difficult": ("difficult", "isdifficult"),
}
AREA = "area"
OPEN_IMAGES = frozenset(("labelname", "confidence"))
"""Columns of Open Images, whose `Source` is about the row and whose labels are numbers of terms."""

_IMAGE_SIZES = tuple(
    (f"{start}{width}", f"{start}{height}")
    for start in ("image", "img", "imagefile", "picture", "frame", "")
    for width, height in (("width", "height"), ("w", "h"))
)


@dataclass(frozen=True)
class BoxColumns:
    """The columns that hold the box of a row.

    Attributes:
        names: Four, or eight of four corners, or one with four numbers in a cell.
        format: What the numbers are; None where their header does not say.
        choices: What else they may be, the usual first.
    """

    names: tuple[str, ...]
    format: BoxFormat | None
    choices: tuple[BoxFormat, ...] = ()


def plain(name: str) -> str:
    """A column name without case and signs.

    >>> plain("X_Min"), plain("Bbox [x")
    ('xmin', 'bboxx')
    """
    return re.sub(r"[^0-9a-z]", "", name.casefold())


def find_boxes(names: Sequence[str]) -> BoxColumns | None:
    """The columns that spell the box of a row, or None.

    >>> find_boxes(["image", "XMin", "XMax", "YMin", "YMax"]).names
    ('XMin', 'YMin', 'XMax', 'YMax')
    """
    by_plain = {plain(name): name for name in reversed(names)}
    bare = {_PREFIX.sub("", key, count=1): name for key, name in by_plain.items()}
    for found in (by_plain, bare):
        corners = _corners(found)
        if corners is not None:
            return corners if corners.names else None
        for keys, kind in _FOURS:
            if all(key in found for key in keys):
                return BoxColumns(tuple(found[key] for key in keys), kind, _LOOSE.get(keys, ()))
    single = next((key for key in ONE_CELL if key in by_plain), None)
    if single is None:
        return None
    kind = ONE_CELL[single]
    return BoxColumns((by_plain[single],), kind, () if kind else ("xyxy", "xywh"))


def _corners(found: dict[str, str]) -> BoxColumns | None:
    """Four corners of an outline; without names where there are more, which are key points."""
    if not {"x3", "y3"} <= found.keys():
        return None
    whole = all(key in found for key in _CORNERS) and "x5" not in found
    return BoxColumns(tuple(found[key] for key in _CORNERS) if whole else (), None)


def image_size_columns(names: Iterable[str]) -> tuple[str, str] | None:
    """The columns of width and height of the image, among those that no box takes."""
    by_plain = {plain(name): name for name in names}
    for width, height in _IMAGE_SIZES:
        if width in by_plain and height in by_plain:
            return by_plain[width], by_plain[height]
    return None


def find_named(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    """The first column that has one of some names, the likeliest name first."""
    by_plain = {plain(name): name for name in reversed(names)}
    return next((by_plain[key] for key in wanted if key in by_plain), None)

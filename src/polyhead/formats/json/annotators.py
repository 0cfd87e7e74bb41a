"""JSON of the VGG annotator (VIA) and of labelme, a row a region, as VIA's csv has them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polyhead.formats.long.via import ATTRIBUTES, SHAPES

_VIA_PROJECT = "_via_img_metadata"
_LINES = ("line", "linestrip")


def region_rows(document: Any) -> list[dict[str, Any]] | None:
    """One row a region, with the columns of VIA's csv; None for files of other tools.

    An image without regions is a row with an empty shape: it was annotated. Known are VIA's
    project and its export as JSON, and labelme's files, one alone or several in a list.
    """
    images = _via_images(document)
    if images is not None:
        return [row for image in images for row in _via_rows(image)]
    files = document if isinstance(document, list) else [document]
    if files and all(_is_labelme(file) for file in files):
        return [row for file in files for row in _labelme_rows(file)]
    return None


def _via_images(document: Any) -> Sequence[Mapping[str, Any]] | None:
    if not isinstance(document, dict):
        return None
    found = document.get(_VIA_PROJECT, document)
    images = list(found.values()) if isinstance(found, dict) else []
    are_images = all(isinstance(i, dict) and {"filename", "regions"} <= i.keys() for i in images)
    return images if images and are_images else None


def _via_rows(image: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    regions = image["regions"] or []
    items = list(regions.values()) if isinstance(regions, dict) else regions
    attributes = image.get("file_attributes")
    more = {k: v for k, v in attributes.items() if k and v} if isinstance(attributes, dict) else {}
    for region in items or [{}]:
        shape = region.get("shape_attributes") or {}
        yield {**more, **_row(image["filename"], shape, region.get("region_attributes") or {})}


def _row(name: Any, shape: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"filename": name, SHAPES: json.dumps(shape), ATTRIBUTES: json.dumps(attributes)}


def _is_labelme(file: Any) -> bool:
    return isinstance(file, dict) and "imagePath" in file and isinstance(file.get("shapes"), list)


def _labelme_rows(file: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if not file["shapes"]:
        yield _row(file["imagePath"], {}, {})
    for shape in file["shapes"]:
        attributes = {"label": shape.get("label")}
        yield _row(file["imagePath"], _via_shape(shape), attributes)


def _via_shape(shape: Mapping[str, Any]) -> dict[str, Any]:
    """A shape of labelme in VIA's words; what has no points is left for the reader to refuse."""
    shape_name = shape.get("shape_type") or "polygon"
    points = shape.get("points") or []
    try:
        across, down = [float(p[0]) for p in points], [float(p[1]) for p in points]
        if shape_name == "circle":
            radius = math.hypot(across[1] - across[0], down[1] - down[0])
            return {"name": "circle", "cx": across[0], "cy": down[0], "r": radius}
    except (IndexError, TypeError, ValueError):
        return {"name": shape_name}
    # The box around the corners of a rectangle, in any order, is that around a line through them.
    name = "polyline" if shape_name in (*_LINES, "rectangle", "mask") else shape_name
    return {"name": name, "all_points_x": across, "all_points_y": down}

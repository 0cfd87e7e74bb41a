"""Boxes on an image, with their labels and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from polyhead.predictions.drawing.lettering import Font, fit, lettered
from polyhead.predictions.drawing.palette import BACKGROUND, Paint
from polyhead.predictions.drawing.tabs import place_tabs

MANY = 100  # boxes: beyond it lines are thin


@dataclass(frozen=True)
class _Tab:
    """The label of one box as it is written."""

    text: str
    font: Font
    paint: Paint
    size: tuple[int, int]


def draw_boxes(
    image: Image.Image,
    boxes_xyxy: Sequence[Sequence[float]],
    labels: Sequence[str],
    scores: Sequence[float],
    size: tuple[int, int],
    paints: Mapping[str, Paint],
) -> Image.Image:
    """Draw boxes in the colours of their classes, the weakest first.

    A label that would cover a stronger one is left out; the colour still shows the class.

    Args:
        image: RGB, at the size it is shown.
        boxes_xyxy: In pixels of an image of `size`; those not finite are left out.
        labels: What each is.
        scores: How sure each is.
        size: Width and height that the boxes refer to.
        paints: Class name to paint.

    Returns:
        The image with boxes, on a larger background where it is too small for labels.
    """
    em = min(max(max(image.size) // 60, 12), 16)
    sheet, origin = _sheet(image, em)
    boxes, strongest_first = _on_sheet(boxes_xyxy, scores, (image.size, size), origin)
    canvas = ImageDraw.Draw(sheet)
    width = max(max(image.size) // 240, 3) if len(strongest_first) <= MANY else 1
    tabs = [_tab(labels[k], scores[k], paints, em, sheet.width) for k in strongest_first]
    for box, tab in zip(boxes[::-1].tolist(), tabs[::-1], strict=True):
        _outline(sheet, canvas, box, tab.paint, width)
    sizes = np.array([tab.size for tab in tabs], dtype=float).reshape(-1, 2)
    places = place_tabs(boxes, sizes, sheet.size)
    for tab, place in zip(tabs[::-1], places[::-1], strict=True):
        if place is not None:
            _write(canvas, tab, place)
    return sheet


def _sheet(image: Image.Image, em: int) -> tuple[Image.Image, tuple[int, int]]:
    """The image, amid a background if it is too small for a few labels, and where it starts."""
    width, height = max(image.width, 12 * em), max(image.height, 5 * em)
    origin = (width - image.width) // 2, (height - image.height) // 2
    sheet = Image.new("RGB", (width, height), BACKGROUND)
    sheet.paste(image, origin)
    return sheet, origin


def _on_sheet(
    boxes_xyxy: Sequence[Sequence[float]],
    scores: Sequence[float],
    sizes: tuple[tuple[int, int], tuple[int, int]],
    origin: tuple[int, int],
) -> tuple[np.ndarray, list[int]]:
    """(M, 4) boxes cut to the image, highest score first, and their indices in `boxes_xyxy`.

    Args:
        boxes_xyxy: Boxes in pixels of the displayed image.
        scores: Of each.
        sizes: Width and height that the image is shown at, and those that boxes refer to.
        origin: Where on the sheet the image starts.
    """
    found = np.array(boxes_xyxy, dtype=np.float64).reshape(-1, 4)
    order = np.argsort(-np.array(scores, dtype=np.float64), kind="stable")
    order = order[np.isfinite(found[order]).all(axis=1)]
    scale = np.tile(np.divide(*sizes), 2)
    most = np.tile(np.array(sizes[0], dtype=np.float64) - 1, 2)
    # The last pixel of a box is the one before its far edge.
    boxes = np.clip(np.round(found[order] * scale) - (0, 0, 1, 1), 0, most)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2])
    return boxes + np.tile(origin, 2), order.tolist()


def _tab(label: str, score: float, paints: Mapping[str, Paint], em: int, width: int) -> _Tab:
    name, font = lettered(label, em)
    figure = f" {score:.2f}"
    room = min(width, 16 * em) - em - font.getlength(figure)
    text = fit(name, font, room) + figure
    length = min(round(font.getlength(text)) + em // 2 + 2, width)
    return _Tab(text, font, paints[label], (length, round(1.4 * em)))


def _outline(
    sheet: Image.Image, canvas: ImageDraw.ImageDraw, box: list[float], paint: Paint, width: int
) -> None:
    """A frame in the paint of the class, with a hairline that sets it off from the image."""
    left, top, right, bottom = (int(edge) for edge in box)
    width = min(width, 1 + min(right - left, bottom - top) // 8)
    if width > 1:
        around = (left - 1, top - 1, right + 1, bottom + 1)
        canvas.rectangle(around, outline=paint.ink, width=width + 2)
    if paint.pattern:
        area = (right - left + 1, bottom - top + 1)
        frame = Image.new("1", area)
        ImageDraw.Draw(frame).rectangle((0, 0, area[0] - 1, area[1] - 1), outline=1, width=width)
        sheet.paste(paint.swatch(*area, 6 * width), (left, top), frame)
    else:
        canvas.rectangle((left, top, right, bottom), outline=paint.colour, width=width)


def _write(canvas: ImageDraw.ImageDraw, tab: _Tab, place: tuple[int, int]) -> None:
    left, top = place
    right, bottom = left + tab.size[0] - 1, top + tab.size[1] - 1
    canvas.rectangle((left, top, right, bottom), fill=tab.paint.colour, outline=tab.paint.ink)
    middle = (left + right) // 2, (top + bottom + 1) // 2
    canvas.text(middle, tab.text, tab.paint.ink, tab.font, "mm")

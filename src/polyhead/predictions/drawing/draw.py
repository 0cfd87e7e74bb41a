"""The whole drawing: the image with what is where, and a panel of every answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from polyhead.predictions.drawing.palette import BACKGROUND, paints
from polyhead.predictions.drawing.panel import flow, heading, panel_blocks, side_by_side, stacked
from polyhead.predictions.drawing.shown_image import shown_image
from polyhead.predictions.task_prediction import SpatialPrediction, TaskPrediction
from polyhead.table.deep_pixels import NO_RANGES, PixelRanges

# Longest side of a single image, and of each of several.
LARGEST, LARGEST_OF_SEVERAL = 1280, 960
# Wider images have their panel below.
STRIP = 2.5
LEAST_HEIGHT = 42  # ems: a panel beside an image is so high before it starts a new column


def draw(
    source: Any,
    image: str,
    size: tuple[int, int],
    tasks: Mapping[str, TaskPrediction],
    ranges: PixelRanges = NO_RANGES,
) -> Image.Image:
    """Draw every answer: boxes and masks on an image each, and all of them in words beside.

    Args:
        source: Path, bytes, PIL image or (H, W, 3) uint8 array.
        image: The file name, or its substitute.
        size: Width and height of the displayed image, which boxes are measured in.
        tasks: Task name to its prediction.
        ranges: What is black and white in sources with more than 8 bits a channel.

    Returns:
        An RGB image: the source upright, 480 to 1280 pixels on its longer side (960 where
        several tasks draw on it), and a panel beside it, or below one that is wide.

    Raises:
        PolyheadError: There is no image to draw on.
        ImageError: The image cannot be decoded.
    """
    spatial = {n: task for n, task in tasks.items() if isinstance(task, SpatialPrediction)}
    class_paints = paints([name for task in spatial.values() for name in task.drawn_classes()])
    sections = {name: task.section(class_paints) for name, task in tasks.items()}
    largest = LARGEST_OF_SEVERAL if len(spatial) > 1 else LARGEST
    shown = shown_image(source, image, largest, ranges)
    em = min(max(max(shown.size) // 60, 15), 20)
    views = {name: task.draw_on(shown, size, class_paints) for name, task in spatial.items()}
    if len(views) > 1:
        views = {name: stacked([heading(name, v.width, em), v], 0) for name, v in views.items()}
    blocks = panel_blocks(Path(image).name, f"{size[0]} × {size[1]}", sections, em)
    sheet = _arranged(shown, list(views.values()) or [shown], blocks, em)
    return ImageOps.expand(sheet, em, BACKGROUND)


def _arranged(
    image: Image.Image, views: Sequence[Image.Image], blocks: Sequence[Image.Image], em: int
) -> Image.Image:
    """Views and panel on one sheet: tall views side by side, wide ones one below the other."""
    if image.width > STRIP * image.height:
        shown = stacked(views, em)
        return stacked([shown, _below(blocks, shown.width, em)], em)
    shown = stacked(views, em) if image.width > image.height else side_by_side(views, em)
    height = max(shown.height, LEAST_HEIGHT * em)
    return side_by_side([shown, flow(blocks, height, em)], em)


def _below(blocks: Sequence[Image.Image], width: int, em: int) -> Image.Image:
    """The flattest panel that is no wider than the views, or of one column."""
    highest = sum(block.height + em for block in blocks)
    for height in range(max(block.height for block in blocks), highest, em):
        panel = flow(blocks, height, em)
        if panel.width <= width:
            return panel
    return flow(blocks, highest, em)

"""Rendering street scenes: a pure function of seed and index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from polyhead.errors import ConfigError, PolyheadError
from polyhead.scenes.air import Air, draw_air
from polyhead.scenes.buildings import paint_buildings
from polyhead.scenes.camera import draw_camera
from polyhead.scenes.canvas import Brush, Canvas
from polyhead.scenes.distribution import LabelDistribution, street_distribution
from polyhead.scenes.ground import CROSSWALK, paint_ground
from polyhead.scenes.layout import Layout, Thing, lay_out
from polyhead.scenes.scene import Scene
from polyhead.scenes.sensor import expose
from polyhead.scenes.sky import paint_sky
from polyhead.scenes.street import draw_street
from polyhead.scenes.vocabulary import (
    CLASS_OF_KIND,
    DAYTIME_PROBABILITIES,
    DAYTIMES,
    MASK_CLASSES,
    OBJECT_LABELS,
    TAGS,
    mask_id,
)
from polyhead.scenes.weather import paint_rain, paint_snowfall

SUPERSAMPLING = 2
FIRST_INSTANCE = CROSSWALK + 1
SMALLEST_SIZE = 64  # pixels: below it a dog is a blot
ATTEMPTS = 50  # the most seen in 1,200 scenes were 3
LEAST_SHARE = 0.4  # of a thing's outline that stays in sight
LEAST_AREA = 4e-4  # of the image: 10 pixels at 160 px
LEAST_STUFF = {"building": 0.03, "crosswalk": 0.004}  # of the image


@dataclass(frozen=True)
class Drawing:
    """A canvas with everything painted but the weather.

    Attributes:
        canvas: The canvas.
        things: The things drawn, far to near; thing k has the identity FIRST_INSTANCE + k.
        outlines: Pixels of each thing before nearer ones covered it.
    """

    canvas: Canvas
    things: list[Thing]
    outlines: list[int]


def render_scene(
    index: int, seed: int = 0, size: int = 160, distribution: LabelDistribution | None = None
) -> Scene:
    """Render one scene: the same arguments give the same bytes, whatever was rendered before.

    Args:
        index: Number of the scene.
        seed: Number of the series.
        size: Side of the image, in pixels; at least 64.
        distribution: Where the tags come from; None means `street_distribution()`.

    Raises:
        ConfigError: The size is too small, the index or the seed negative, or the distribution
            has other labels than `TAGS`.
        PolyheadError: No arrangement shows everything that the tags ask for.
    """
    if size < SMALLEST_SIZE:
        raise ConfigError(f"Found size {size}, expected at least {SMALLEST_SIZE} pixels.")
    if index < 0 or seed < 0:
        raise ConfigError(f"Found index {index} and seed {seed}, expected both to be at least 0.")
    distribution = street_distribution() if distribution is None else distribution
    if distribution.labels != TAGS:
        raise ConfigError(f"Found labels {distribution.labels}, expected {TAGS}.")
    generator = np.random.default_rng([seed, index])
    state = distribution.sample(generator, 1)[0]
    tags: dict[str, bool] = dict(zip(TAGS, state.tolist(), strict=True))
    daytime = DAYTIMES[int(generator.choice(len(DAYTIMES), p=DAYTIME_PROBABILITIES))]
    for _ in range(ATTEMPTS):
        scene = _attempt(tags, daytime, size, generator)
        if scene is not None:
            return scene
    raise PolyheadError(
        f"Scene {index} of seed {seed} found no place for {[t for t in TAGS if tags[t]]} in "
        f"{ATTEMPTS} attempts: report it, and use another seed."
    )


def render_scenes(
    num: int, size: int = 160, seed: int = 0, correlation: float = 1.0
) -> Iterator[Scene]:
    """Render scenes 0 to num − 1.

    Args:
        num: How many.
        size: Side of the images, in pixels.
        seed: Number of the series.
        correlation: Scale of the couplings between tags; see `street_distribution`.
    """
    distribution = street_distribution(correlation)
    for index in range(num):
        yield render_scene(index, seed, size, distribution)


def _attempt(
    tags: dict[str, bool], daytime: str, size: int, generator: np.random.Generator
) -> Scene | None:
    camera = draw_camera(size * SUPERSAMPLING, generator)
    street = draw_street(camera, tags["crosswalk"], generator)
    layout = lay_out(street, tags, generator)
    if layout is None:
        return None
    air = draw_air(tags, daytime, generator)
    drawing = _draw(layout, air, tags, generator)
    if not _shows_everything(drawing, tags):
        return None
    if tags["rain"]:
        paint_rain(drawing.canvas, generator)
    if tags["snow"]:
        paint_snowfall(drawing.canvas, generator)
    image = expose(drawing.canvas, SUPERSAMPLING, generator)
    return _with_truth(image, drawing, tags)


def _draw(
    layout: Layout, air: Air, tags: dict[str, bool], generator: np.random.Generator
) -> Drawing:
    canvas = Canvas(layout.street.camera, air)
    paint_sky(canvas, generator)
    paint_ground(canvas, layout.street, generator)
    if tags["building"]:
        paint_buildings(canvas, layout.street, generator)
    things, outlines = layout.far_to_near(), []
    for k, thing in enumerate(things):
        brush = Brush(canvas, thing.foot, thing.size, FIRST_INSTANCE + k, mirrored=thing.mirrored)
        thing.draw(brush, generator)
        outlines.append(brush.outline())
    return Drawing(canvas, things, outlines)


def _shows_everything(drawing: Drawing, tags: dict[str, bool]) -> bool:
    seen = drawing.canvas.identities.histogram()
    total = drawing.canvas.camera.size**2
    stuff = {"building": seen[mask_id("building")], "crosswalk": seen[CROSSWALK]}
    if any(tags[name] and stuff[name] < LEAST_STUFF[name] * total for name in stuff):
        return False
    return all(
        thing.kind not in TAGS
        or seen[FIRST_INSTANCE + k] >= max(LEAST_SHARE * drawing.outlines[k], LEAST_AREA * total)
        for k, thing in enumerate(drawing.things)
    )


def _with_truth(image: np.ndarray, drawing: Drawing, tags: dict[str, bool]) -> Scene:
    identities = np.asarray(drawing.canvas.identities)[::SUPERSAMPLING, ::SUPERSAMPLING]
    rows, columns = np.nonzero(identities >= FIRST_INSTANCE)
    owners = identities[rows, columns]
    boxes, labels, areas = [], [], []
    for k, thing in enumerate(drawing.things):
        if thing.kind in OBJECT_LABELS:
            own = owners == FIRST_INSTANCE + k
            boxes.append(_tight_box(columns[own], rows[own]))
            labels.append(thing.kind)
            areas.append(int(own.sum()))
    return Scene(
        image=image,
        tags=tags,
        daytime=drawing.canvas.air.daytime,
        boxes_xyxy=np.array(boxes, dtype=np.float32).reshape(-1, 4),
        box_labels=labels,
        mask=_class_table(drawing.things)[identities],
        areas=np.array(areas, dtype=np.int64),
        people=labels.count("person"),
        visibility_m=drawing.canvas.air.visibility_m,
    )


def _tight_box(columns: np.ndarray, rows: np.ndarray) -> tuple[int, int, int, int]:
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def _class_table(things: list[Thing]) -> np.ndarray:
    table = np.full(256, 255, dtype=np.uint8)
    table[: len(MASK_CLASSES)] = np.arange(len(MASK_CLASSES))
    table[CROSSWALK] = mask_id("road")
    kinds = [mask_id(CLASS_OF_KIND[thing.kind]) for thing in things]
    table[FIRST_INSTANCE : FIRST_INSTANCE + len(kinds)] = kinds
    return table

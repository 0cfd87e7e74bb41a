"""Writing scenes as a data set: images, a table, COCO boxes and masks."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from polyhead.errors import ConfigError
from polyhead.scenes.coco import CocoObjects
from polyhead.scenes.distribution import LabelDistribution, street_distribution
from polyhead.scenes.folder import (
    OBJECTS,
    TABLE,
    take_folder,
    write_json,
    write_whole,
)
from polyhead.scenes.hidden_labels import HIDDEN, flip_labels, hide_labels, known_tasks
from polyhead.scenes.options import SceneOptions
from polyhead.scenes.render import render_scene
from polyhead.scenes.scene import Scene
from polyhead.scenes.vocabulary import DAYTIME_PROBABILITIES, DAYTIMES, MASK_CLASSES, TAGS

TASKS = ("tags", "daytime", "people", "visibility_m", "mask", "objects")
JPEG_QUALITY = 92

Known = dict[str, np.ndarray]
"""Each task to (N,) bool: which scenes are annotated for it."""


def write_scenes(
    out: Path,
    num: int,
    options: SceneOptions | None = None,
    progress: Callable[[int], None] | None = None,
) -> Path:
    """Render scenes 0 to num − 1 into a folder.

    - `images/000000.jpg` and `masks/000000.png` (8-bit, index into `MASK_CLASSES`).
    - `labels.csv`: image, tags, daytime, people, visibility_m, mask. Tags are delimited by `|`,
      `[]` is none, an empty cell is unknown. Where a row's tags are known in part, one column
      `tag:<label>` of 1, 0 or nothing for each tag takes the place of `tags`.
    - `objects.json`: COCO, with the table's image names. An image listed without annotations
      has no objects; one whose boxes are unknown is not listed.
    - `scenes.json`: the options and the distribution.

    The pattern `per_task` hides each task of each row by itself, the other patterns hide tags
    only; label noise falls on tags only. `labels.csv` comes last: a folder without it was
    interrupted, and the same call writes it again.

    Args:
        out: The folder; it is made, and must be empty or an earlier set of scenes.
        num: How many.
        options: The knobs; None means `SceneOptions()`.
        progress: Called with the number of scenes done, after each.

    Returns:
        The path of `labels.csv`.

    Raises:
        ConfigError: `num` is below 1, or the folder holds other files.
    """
    options = SceneOptions() if options is None else options
    if num < 1:
        raise ConfigError(f"Found {num} scenes to write, expected at least 1.")
    distribution = street_distribution(options.correlation)
    take_folder(out, _record(num, options, distribution))
    # Three words of seed: a stream that no scene uses.
    generator = np.random.default_rng([options.seed, 0, 1])
    known = _known(num, options, generator)
    tags, rows, objects = np.zeros((num, len(TAGS)), dtype=np.int8), [], CocoObjects()
    for index in range(num):
        scene = render_scene(index, options.seed, options.size, distribution)
        tags[index] = list(scene.tags.values())
        rows.append(_save(out, index, scene, known))
        if known["objects"][index]:
            objects.add(_image_name(index), scene)
        if progress is not None:
            progress(index + 1)
    write_json(out / OBJECTS, objects.document())
    table = _table(_annotated(tags, known["tags"], options, generator), rows)
    write_whole(out / TABLE, lambda file: csv.writer(file, lineterminator="\n").writerows(table))
    return out / TABLE


def _known(num: int, options: SceneOptions, generator: np.random.Generator) -> Known:
    """For each task, which of the N scenes are annotated."""
    fraction = options.unknown_fraction if options.unknown_pattern == "per_task" else 0.0
    columns = known_tasks(num, len(TASKS), fraction, generator).T
    return {task: columns[k] for k, task in enumerate(TASKS)}


def _record(num: int, options: SceneOptions, distribution: LabelDistribution) -> dict[str, Any]:
    pairwise = [
        [None if np.isneginf(weight) else float(weight) for weight in row]
        for row in distribution.pairwise
    ]
    return {
        "num": num,
        "options": asdict(options),
        "tags": list(TAGS),
        "unary": distribution.unary.tolist(),
        "pairwise": pairwise,  # null: the pair never occurs
        "daytimes": dict(zip(DAYTIMES, DAYTIME_PROBABILITIES, strict=True)),
        "mask_classes": list(MASK_CLASSES),
    }


def _image_name(index: int) -> str:
    return f"images/{index:06d}.jpg"


def _save(out: Path, index: int, scene: Scene, known: Known) -> list[str]:
    """Write the images of one scene.

    Returns:
        Its row of the table, without the tags: image, daytime, people, visibility_m, mask.
    """
    mask = f"masks/{index:06d}.png"
    Image.fromarray(scene.image).save(out / _image_name(index), quality=JPEG_QUALITY)
    if known["mask"][index]:
        Image.fromarray(scene.mask).save(out / mask)
    return [
        _image_name(index),
        _cell(known["daytime"][index], scene.daytime),
        _cell(known["people"][index], scene.people),
        _cell(known["visibility_m"][index], f"{scene.visibility_m:.1f}"),
        _cell(known["mask"][index], mask),
    ]


def _annotated(
    tags: np.ndarray, known: np.ndarray, options: SceneOptions, generator: np.random.Generator
) -> np.ndarray:
    """(N, L) int8 of 1, 0 and −1: the true tags after noise and hiding."""
    noisy = flip_labels(tags, options.label_noise, generator)
    if options.unknown_pattern == "per_task":
        return np.where(known[:, None], noisy, HIDDEN).astype(np.int8)
    return hide_labels(noisy, options.unknown_fraction, options.unknown_pattern, generator)


def _table(tags: np.ndarray, rows: list[list[str]]) -> list[list[str]]:
    unknown = tags == HIDDEN
    if np.all(unknown.all(axis=1) == unknown.any(axis=1)):
        names, cells = ["tags"], [[_delimited(row)] for row in tags]
    else:
        names = [f"tag:{label}" for label in TAGS]
        cells = [[_cell(value != HIDDEN, value) for value in row] for row in tags.tolist()]
    header = ["image", *names, "daytime", "people", "visibility_m", "mask"]
    return [header, *([row[0], *told, *row[1:]] for row, told in zip(rows, cells, strict=True))]


def _delimited(row: np.ndarray) -> str:
    labels = [label for label, value in zip(TAGS, row, strict=True) if value == 1]
    # No label at all is said aloud: an empty cell would mean unknown.
    return _cell(bool(np.all(row != HIDDEN)), "|".join(labels) if labels else "[]")


def _cell(known: bool, text: str | int) -> str:
    return str(text) if known else ""

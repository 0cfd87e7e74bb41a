"""Figures of anybody's scores against the labels of a config, without a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.config import Config
from polyhead.data import image_sizes
from polyhead.errors import nearest
from polyhead.evaluation.score_table import ScoreTable, read_score_table
from polyhead.formats import read_tables
from polyhead.formats.faults import refusal
from polyhead.metrics import choose_protocol
from polyhead.metrics.known_cells import ROUNDING
from polyhead.preparation.encode_tasks import encode_tasks, require_readable
from polyhead.preparation.prepare import prepare
from polyhead.preparation.resolve_classes import derived_tags, resolve_classes
from polyhead.progress import Reporter
from polyhead.table import IMAGE, Table
from polyhead.tasks import Targets, TaskDecider, TaskEncoder

MAX_COMPARED = 5000  # names that a hint is searched among; a fraction of a second


def score_predictions(
    config: Config,
    path: str | Path,
    *,
    protocol: str = "default",
    split: str | None = None,
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """Evaluate a table of scores (see `read_score_table`) of the tags and class tasks of a config.

    The rows of the config's table that the scores name count; unknown cells count in no figure.
    A tags task whose values all lie in [0, 1] is taken to hold probabilities; any other holds
    scores that only rank, and figures of predicted labels and of probabilities are left out.

    Args:
        config: Names the labels.
        path: The table of scores.
        protocol: One of `PROTOCOLS`, whose figures are reported beside the default ones.
        split: Only this part of the config's split, for which every image is read.
        reporter: Where progress goes; standard error when None.

    Returns:
        As `evaluation.json`, with `num_rows`, the rows of the config's table that could count, and
        `are_probabilities` and, unless the protocol is the default, `protocol` in each tags task.

    Raises:
        ConfigError: As `read_score_table`, or there is no such protocol.
        DataError: As `read_score_table`; an image that the config's table does not name, an empty
            cell whose label is known, or labels that do not fit.
    """
    choose_protocol(protocol)
    reporter = reporter or Reporter()
    table = read_tables(config.data.sources())
    encoders = resolve_classes(config, table)
    deciders = {name: encoder.decider() for name, encoder in encoders.items()}
    asked = {name: task for name, task in deciders.items() if task.has_probabilities}
    scored = read_score_table(Path(path), {name: task.classes for name, task in asked.items()})
    rows = _rows_of(scored, table)
    counted = _part(config, table, split, reporter)
    kept = np.isin(rows, counted)
    if not kept.any():
        message = f"no image of the part {split} is named; expected some; choose another --split."
        raise refusal("E_SCORES", scored.source, message)
    needed = {name: asked[name] for name in scored.scores}
    targets = _targets(encoders, needed, table, rows[kept], reporter)
    tasks = {}
    for name, task in needed.items():
        scores = scored.scores[name] if kept.all() else scored.scores[name][kept]
        images = [scored.images[row] for row in np.flatnonzero(kept).tolist()]
        _refuse_empty(scored, task, scores, task.judged(targets[name], protocol), images)
        with reporter.waiting(f"figures and intervals of {name}"):
            known = task.judged(targets[name], "default")
            tasks[name] = _entry(task, scores, targets[name], known, protocol)
    return {
        "split": split or "all",
        "num_images": int(kept.sum()),
        "num_rows": len(counted),
        "tasks": tasks,
    }


def _rows_of(scored: ScoreTable, table: Table) -> np.ndarray:
    """(M,) the row of each scored image."""
    images = table.data.column(IMAGE).to_pylist()
    row_of = {image: row for row, image in enumerate(images)}
    strange = [image for image in scored.images if image not in row_of]
    if strange:
        raise refusal(
            "E_SCORES",
            scored.source,
            f"{len(strange)} of {len(scored.images)} images are not in {table.source}, such as "
            f"{strange[0]}; expected names as the labels write them. "
            f"{nearest(strange[0], images[:MAX_COMPARED])}",
        )
    return np.array([row_of[image] for image in scored.images])


def _part(config: Config, table: Table, split: str | None, reporter: Reporter) -> np.ndarray:
    """Rows that could count."""
    if split is None:
        return np.arange(len(table))
    prepared = prepare(config, reporter)
    row_of = {image: row for row, image in enumerate(table.data.column(IMAGE).to_pylist())}
    return np.array([row_of[prepared.images[row]] for row in prepared.rows(split).tolist()], int)


def _targets(
    encoders: Mapping[str, TaskEncoder],
    needed: Mapping[str, TaskDecider],
    table: Table,
    rows: np.ndarray,
    reporter: Reporter,
) -> dict[str, Targets]:
    """Targets of some rows; tags that follow from boxes or masks bring these along."""
    sources = {source for name, (source, _) in derived_tags(encoders).items() if name in needed}
    tasks = {name: task for name, task in encoders.items() if name in {*needed, *sources}}
    sizes = np.zeros((len(table), 2), np.int32)
    if sources:
        sizes[rows] = image_sizes(table.paths(rows))
    targets, faults = encode_tasks(tasks, table, sizes, reporter)
    require_readable("the labels cannot be read", faults, rows)
    return {name: targets[name][rows] for name in needed}


def _refuse_empty(
    scored: ScoreTable,
    task: TaskDecider,
    scores: np.ndarray,
    counted: np.ndarray,
    images: list[str],
) -> None:
    """Refuse NaN and empty cells that count."""
    name, empty = task.name, np.isnan(scores) & counted
    if empty.any():
        row, place = np.argwhere(empty)[0].tolist()
        raise refusal(
            "E_SCORES",
            scored.source,
            f'{int(empty.sum())} cells of the task "{name}" hold no number, such as column '
            f'"{name}/{task.classes[place]}" of {images[row]}; expected a score wherever the '
            "label counts: where it is known, and under unknown_negative everywhere; fill the "
            "cells or remove the rows.",
        )


def _entry(
    task: TaskDecider, scores: np.ndarray, targets: np.ndarray, counted: np.ndarray, protocol: str
) -> dict[str, Any]:
    scores, are_probabilities = _read(scores, scores[np.broadcast_to(counted, scores.shape)])
    found = task.scored(scores, targets, are_probabilities=are_probabilities, protocol=protocol)
    return {"type": task.type, **found}


def _read(scores: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, bool]:
    """The scores, and whether the known ones are probabilities, which rounding may have moved."""
    low, high = known.min(initial=0), known.max(initial=1)
    if low < -ROUNDING or high > 1 + ROUNDING:
        return scores, False
    return scores if low == 0 and high == 1 else np.clip(scores, 0, 1), True

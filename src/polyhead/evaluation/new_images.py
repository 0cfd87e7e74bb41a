"""Labelled images that a run has not had: what its tasks read of them, and which it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.checkpoints import LoadedRun
from polyhead.config.annotations import TABLE_SUFFIXES
from polyhead.data import check_images, read_digests
from polyhead.errors import ConfigError, DataError
from polyhead.formats import Source, read_tables
from polyhead.preparation import derived_tags, encode_tasks
from polyhead.progress import Reporter
from polyhead.table import Table
from polyhead.tasks import Targets, TaskDecider, TaskEncoder

FLATTER = "their figures are too optimistic; remove their rows for figures of new images alone"
KNOWN = (
    ("train", "num_trained_on", "that the run was trained on"),
    ("val", "num_chosen_on", "by which its epoch, calibration and thresholds were chosen"),
)


@dataclass(frozen=True)
class Evaluated:
    """Images, tasks and targets that figures are computed over.

    Attributes:
        table: Names the images.
        rows: (M,) rows that count.
        tasks: Task name to decider, of those that the table annotates.
        targets: Task name to targets of all rows.
        extra: Further keys of the result about the images.
        suffix: Of the files that are written: empty for the test part.
    """

    table: Table
    rows: np.ndarray
    tasks: Mapping[str, TaskDecider]
    targets: Mapping[str, Targets]
    extra: Mapping[str, Any]
    suffix: str


def read_new_images(
    loaded: LoadedRun,
    reporter: Reporter,
    annotations: str | Path | Sequence[str | Path],
    images: str | Path | None = None,
) -> Evaluated:
    """Read other annotation files than those of the run.

    Columns are those of the run's config, and labels those of the run. A task whose column is not
    there is left out and reported, as are images with the content of some that the run knows.

    Args:
        loaded: The run.
        reporter: Receives progress, and what is left out.
        annotations: A file or folder as in `data.annotations`, or several for one table.
        images: Folder that the names start at; found as `data.images` is when None.

    Raises:
        ConfigError: There is no such file, or it has no column of any task.
        DataError: Labels are none of the run's (with the nearest), or images cannot be read.
    """
    several = [annotations] if isinstance(annotations, str | Path) else list(annotations)
    files = [Path(file) for file in several]
    folder = None if images is None else Path(images)
    column = loaded.config.data.image_column
    is_table = [file.suffix.lower() in TABLE_SUFFIXES for file in files]
    table = read_tables(
        [Source(f, folder, column if t else None) for f, t in zip(files, is_table, strict=True)]
    )
    paths = table.paths()
    with reporter.work("checking images", len(paths), "images") as advance:
        found = check_images(paths, table.where, progress=lambda _done: advance(1, ""))
    encoders = _known_tasks(loaded, table, found.sizes, reporter)
    targets, faults = encode_tasks(encoders, table, found.sizes, reporter)
    errors = [f for f in (*table.faults, *faults, *found.faults) if f.is_error]
    if errors:
        raise DataError(f"{table.source} does not fit the run {loaded.run.path}", errors)
    extra = {"annotations": [str(file) for file in files]}
    extra |= _known_already(loaded, table, found.digests, reporter)
    suffix = f"-new-{files[0].resolve().stem}"
    tasks = {name: loaded.tasks[name] for name in encoders}
    return Evaluated(table, np.arange(len(table)), tasks, targets, extra, suffix)


def encoders_of(loaded: LoadedRun) -> dict[str, TaskEncoder]:
    """The encoder of every task of a run, for the classes that it was trained with."""
    keys = loaded.config.tasks
    return {name: keys[name].encoder(name, task.classes) for name, task in loaded.tasks.items()}


def _known_tasks(
    loaded: LoadedRun, table: Table, sizes: np.ndarray, reporter: Reporter
) -> dict[str, TaskEncoder]:
    """The tasks of the run whose columns the table has."""
    keys = loaded.config.tasks
    tasks = encoders_of(loaded)
    sources = {name: source for name, (source, _) in derived_tags(tasks).items()}
    absent: dict[str, ConfigError] = {}
    for name, task in tasks.items():
        if name not in sources:
            try:
                task.encode(table, sizes)
            except ConfigError as error:
                if not _is_absent(keys[name], name, table):
                    raise
                absent[name] = error
    absent |= {name: absent[source] for name, source in sources.items() if source in absent}
    kept = {name: task for name, task in tasks.items() if name not in absent}
    if not kept:
        raise next(iter(absent.values()))
    for name, error in absent.items():
        reporter.say(f"{name}: left out: {error.message}")
    return kept


def _is_absent(keys: Any, name: str, table: Table) -> bool:
    """Whether all columns of a task are absent, rather than present with unfit cells."""
    patterns = getattr(keys, "columns", ()) or (keys.column or name,)
    return not any(fnmatchcase(column, p) for column in table.columns for p in patterns)


def _known_already(
    loaded: LoadedRun, table: Table, digests: np.ndarray, reporter: Reporter
) -> dict[str, int]:
    """Numbers of images whose content equals that of images of the run."""
    parts = read_digests(loaded.run.split)
    if not parts:
        reporter.say(
            f"{loaded.run.path} keeps no digests of its images, so that it is not known whether it "
            "was trained on some of these"
        )
        return {}
    found = np.array([parts.get(digest.decode(), "") for digest in digests.tolist()])
    counts = {}
    for part, key, why in KNOWN:
        rows = np.flatnonzero(found == part)
        counts[key] = len(rows)
        if len(rows):
            reporter.say(
                f"W_TRAINED_ON: {len(rows)} of {len(table)} images have the content of some {why}, "
                f"such as {table.image(int(rows[0]))}: {FLATTER}"
            )
    return counts

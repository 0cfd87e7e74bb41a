"""Figures of a run on one part of its split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

import numpy as np

from polyhead.checkpoints import LoadedRun, load_run
from polyhead.data import image_sizes, read_split
from polyhead.errors import ConfigError, DataError
from polyhead.evaluation.batches import batches_in_order
from polyhead.evaluation.new_images import Evaluated, encoders_of, read_new_images
from polyhead.evaluation.probabilities import RecordedProbabilities, save_probabilities
from polyhead.files import write_json
from polyhead.formats import read_tables
from polyhead.loading.batches import worker_deaths_explained
from polyhead.metrics import choose_protocol
from polyhead.network.measure import measure
from polyhead.preparation import encode_tasks
from polyhead.preparation.encode_tasks import require_readable
from polyhead.progress import Reporter
from polyhead.runtime.run_folder import RunFolder
from polyhead.table import IMAGE, Table
from polyhead.tasks import Meter, Targets, TaskEncoder

# Why figures of a part are better than those of new images.
NOTES = {
    "val": "not held out: the best epoch, the calibration and the thresholds were chosen on these "
    "images, so that their figures are too optimistic; those of --split test do not",
    "train": "not held out: the network was trained on these images, so that their figures say "
    "how well it knows them by heart; those of --split test are of images that it has not seen",
}


class NewImages(TypedDict, total=False):
    """Labelled images that are not those of the run: see `read_new_images`."""

    annotations: str | Path | Sequence[str | Path]
    images: str | Path | None


def evaluate(
    path: str | Path | RunFolder,
    *,
    split: Literal["test", "val", "train"] = "test",
    device: str = "auto",
    protocol: str = "default",
    save_scores: Path | None = None,
    reporter: Reporter | None = None,
    **new: Unpack[NewImages],
) -> dict[str, Any]:
    """Evaluate a run's best weights on held-out rows or new images, with bootstrap intervals.

    Unknown cells are left out of every figure. Nothing is skipped: an image that can no longer
    be read is an error.

    Args:
        path: The run folder.
        split: Part of the run's own split.
        device: As in `load_run`.
        protocol: One of `polyhead.metrics.PROTOCOLS`, whose figures of tags tasks are
            reported beside the default ones.
        save_scores: A parquet file to write the probabilities of tags and class tasks into.
        reporter: Where progress goes; standard error when None.
        **new: `annotations`, a file or several, to evaluate their images instead of a part of the
            split, and `images`, the folder that their names start at.

    Returns:
        What is also written to `evaluation.json` for the test part, to `evaluation-<split>.json`
        for another, which has a `note` besides: it was not held out. Of new images `split` is
        `new`, the file `evaluation-new-<name of the annotations>.json`, and `annotations` names
        them, `num_trained_on` and `num_chosen_on` how many have the content of images of the run's
        train and val part.

    Raises:
        CheckpointError: The run cannot be loaded.
        ConfigError: The part is empty, or its annotations are gone; there is no such protocol.
        DataError: The table has lost or changed labels since, or new labels are none of the run's.
        ImageError: An image cannot be read.
    """
    choose_protocol(protocol)
    reporter = reporter or Reporter()
    loaded = load_run(path.path if isinstance(path, RunFolder) else path, device=device)
    if "annotations" in new:
        if split != "test":
            raise ConfigError(f'new annotations are in no part of the split; omit "{split}".')
        found, part = read_new_images(loaded, reporter, **new), "new"
    elif new:
        raise ConfigError(
            "`images` is the image folder of new `annotations`; found none; pass `annotations` too."
        )
    else:
        found, part = part_of_run(loaded, split, reporter), split
    recorded = {} if save_scores is None else RecordedProbabilities.of(found.tasks)
    figures = _figures(loaded, found, (part, protocol), recorded, reporter)
    if save_scores is not None:
        save_probabilities(save_scores, found.table, found.rows, recorded)
    result = {"split": part, "num_images": len(found.rows), "tasks": figures, **found.extra}
    file = loaded.run.evaluation
    write_json(file.with_stem(f"{file.stem}{found.suffix}"), result)
    return result


def _figures(
    loaded: LoadedRun,
    found: Evaluated,
    asked: tuple[str, str],
    recorded: Mapping[str, RecordedProbabilities],
    reporter: Reporter,
) -> dict[str, dict[str, Any]]:
    """Figures by task; files for other programs are written.

    Args:
        loaded: The run.
        found: What is evaluated.
        asked: Name of the part, and of the protocol.
        recorded: Observers of the pass.
        reporter: Shows how far it is.
    """
    part, protocol = asked
    batches = batches_in_order(loaded, found.table, found.rows)
    work = reporter.work(f"evaluating {part}", len(found.rows), "images")
    with work as advance, worker_deaths_explained():
        meters = measure(
            loaded.network, batches, found.tasks, found.targets, advance, observers=recorded
        )
    figures: dict[str, dict[str, Any]] = {}
    for name, meter in meters.items():
        with reporter.waiting(f"figures and intervals of {name}"):
            figures[name] = {"type": found.tasks[name].type, **meter.compute(intervals=True)}
        if protocol != "default" and (entry := meter.protocol(protocol)) is not None:
            figures[name]["protocol"] = entry
    _write_results(loaded, meters, found.suffix)
    return figures


def part_of_run(loaded: LoadedRun, split: str, reporter: Reporter) -> Evaluated:
    """A part of the run's own split, with its targets.

    Raises:
        ConfigError: The part is empty, or its annotations are gone.
        DataError: The table has lost or changed labels since.
    """
    table, rows = _rows_of(loaded, split, reporter)
    targets = _encode(encoders_of(loaded), table, rows, reporter)
    suffix = "" if split == "test" else f"-{split}"
    return Evaluated(table, rows, loaded.tasks, targets, _caution(split), suffix)


def _caution(split: str) -> dict[str, str]:
    """The note of a part that is not held out."""
    return {"note": NOTES[split]} if split in NOTES else {}


def _rows_of(loaded: LoadedRun, split: str, reporter: Reporter) -> tuple[Table, np.ndarray]:
    """The run's table, and the rows of one part of its saved split."""
    data = loaded.config.data
    table = read_tables(data.sources())
    names, parts = read_split(loaded.run.split)
    part_of = dict(zip(names, parts.tolist(), strict=True))
    images = table.data.column(IMAGE).to_pylist()
    new = sum(image not in part_of for image in images)
    lost = part_of.keys() - set(images)
    if lost:
        raise DataError(
            f"{table.source} no longer names {len(lost)} images of the run's split, such as "
            f"{min(lost)}; expected all; restore the table."
        )
    if new:
        reporter.say(f"{new} rows of {table.source} are in no part of the run's split: left out")
    rows = np.flatnonzero(np.array([part_of.get(image) == split for image in images]))
    if not len(rows):
        there = sorted(set(parts.tolist()))
        raise ConfigError(
            f'the run has no "{split}" images; its parts are {", ".join(there)}; use --split '
            f"{there[-1]}, or evaluate new labelled images with --annotations."
        )
    return table, rows


def _encode(
    encoders: Mapping[str, TaskEncoder], table: Table, rows: np.ndarray, reporter: Reporter
) -> dict[str, Targets]:
    """Targets of all rows; faults of others, such as those that training skipped, do not count."""
    sizes = np.zeros((len(table), 2), np.int32)
    sizes[rows] = image_sizes(table.paths(rows))
    targets, faults = encode_tasks(encoders, table, sizes, reporter)
    require_readable("the labels do not fit the run", faults, rows)
    return targets


def _write_results(loaded: LoadedRun, meters: Mapping[str, Meter], suffix: str) -> None:
    """`predictions/<task>.coco.json` and the like, for other programs that compute figures."""
    for name, meter in meters.items():
        for kind, content in meter.result_files().items():
            file = loaded.run.predictions / f"{name}{suffix}.{kind}.json"
            file.parent.mkdir(exist_ok=True)
            write_json(file, content)

"""The complete check of a config's data before training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from polyhead.config import Config
from polyhead.data import check_images, find_orphans
from polyhead.errors import DataError, Fault
from polyhead.formats import read_tables
from polyhead.preparation.annotated_sizes import size_faults
from polyhead.preparation.encode_tasks import encode_tasks
from polyhead.preparation.resolve_classes import resolve_classes
from polyhead.progress import Reporter
from polyhead.table import IMAGE_SUFFIXES, Table
from polyhead.table.deep_pixels import PixelRanges
from polyhead.table.named_files import named_file
from polyhead.tasks import Targets, TaskEncoder

_NO_FILE = ("E_IMAGE_MISSING_NAME", "E_IMAGE_AMBIGUOUS")  # no file is known for the row


@dataclass(frozen=True)
class Examination:
    """A table with its targets, and every fault found.

    Attributes:
        table: All rows, faulty ones included.
        tasks: Task name to its encoder, in the order of the config.
        targets: Task name to targets of the N rows.
        faults: Errors first, then warnings and notes, each in the order of rows.
        digests: (N,) digest of each image's pixels; empty where it cannot be read.
        num_images: Rows whose image decodes.
        ranges: Black and white of images with more than 8 bits a channel.
    """

    table: Table
    tasks: Mapping[str, TaskEncoder]
    targets: Mapping[str, Targets]
    faults: tuple[Fault, ...]
    digests: np.ndarray
    num_images: int
    ranges: PixelRanges

    @property
    def num_errors(self) -> int:
        """How many faults keep training from starting."""
        return sum(fault.is_error for fault in self.faults)

    def counts(self) -> dict[str, int]:
        """How often each code was found, errors first."""
        return dict(Counter(fault.code for fault in self.faults))


def examine(config: Config, reporter: Reporter) -> Examination:
    """Read the table, find the classes, encode the tasks, decode every image.

    Args:
        config: The checked config.
        reporter: Shows the progress of decoding.

    Raises:
        ConfigError: A file or column that the config names does not exist.
        DataError: The table cannot be read at all.
    """
    data = config.data
    table = read_tables(data.sources())
    tasks = _encoders(config, table)
    paths = table.paths()
    with reporter.work("checking images", len(paths), "images") as advance:
        images = check_images(
            paths, table.where, configured=data.ranges(), progress=lambda _done: advance(1, "")
        )
    targets, found = encode_tasks(tasks, table, images.sizes, reporter)
    faults = [*table.faults, *found, *size_faults(table, tasks, images.sizes)]
    for name, task in tasks.items():
        faults += _nothing_known(name, task, targets[name], table)
    unnamed = {fault.row for fault in table.faults if fault.code in _NO_FILE}
    faults += [fault for fault in images.faults if fault.row is None or fault.row not in unnamed]
    if data.images is not None:
        faults += find_orphans(data.images, [*paths, *_other_images(table)])
    faults.sort(key=lambda fault: "EWN".find(fault.code[0]))
    readable = int((images.digests != b"").sum())
    digests, ranges = images.digests, images.ranges
    return Examination(table, tasks, targets, tuple(faults), digests, readable, ranges)


def _encoders(config: Config, table: Table) -> dict[str, TaskEncoder]:
    try:
        return resolve_classes(config, table)
    except DataError as error:  # what the reader left out may be the cause
        raise DataError(error.message, (*table.faults, *error.faults)) from error


def _other_images(table: Table) -> list[Path]:
    """Images that other columns name, such as masks."""
    found = []
    for name in table.columns:
        column = table.column(name)
        first = next((cell.as_py() for cell in column if cell.is_valid), None)
        if isinstance(first, str) and first.lower().endswith(IMAGE_SUFFIXES):
            cells = column.unique().to_pylist()
            found += [named_file(table.root, cell) for cell in cells if cell is not None]
    return found


def _nothing_known(name: str, task: TaskEncoder, targets: Targets, table: Table) -> list[Fault]:
    if task.known(targets).any():
        return []
    message = (
        f'task "{name}" has no known cell in {len(table)} rows; expected some; '
        "fill its column, or remove the task."
    )
    return [Fault("E_NOTHING_KNOWN", table.source, message)]

"""From a config to rows that training may use: checked, split, faulty ones dropped if asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from polyhead.config import Config
from polyhead.errors import DataError, Fault
from polyhead.preparation.division import share_out
from polyhead.preparation.examine import Examination, examine
from polyhead.progress import Reporter
from polyhead.table import IMAGE, Table
from polyhead.table.deep_pixels import NO_RANGES, PixelRanges
from polyhead.tasks import Targets, TaskDecider, TaskEncoder

MAX_SKIPPED = 0.01  # share of the rows; more than that is no accident


@dataclass(frozen=True)
class Prepared:
    """The data that training and evaluation start from.

    Attributes:
        table: The rows in use.
        tasks: Task name to its encoder.
        targets: Task name to targets of the rows in use.
        split: (N,) of `train`, `val` and `test`.
        faults: Warnings and notes, and faults of dropped rows; no row in use has an error.
        skipped: Faults of rows that were dropped.
        digests: (N,) digest of each image's pixels.
        ranges: Black and white of images with more than 8 bits a channel.
        split_basis: Where the split comes from, in words.
    """

    table: Table
    tasks: Mapping[str, TaskEncoder]
    targets: Mapping[str, Targets]
    split: np.ndarray
    faults: tuple[Fault, ...]
    skipped: tuple[Fault, ...]
    digests: np.ndarray
    ranges: PixelRanges = NO_RANGES
    split_basis: str = ""

    def rows(self, part: str) -> np.ndarray:
        """Rows of one part of the split."""
        return np.flatnonzero(self.split == part)

    def deciders(self) -> dict[str, TaskDecider]:
        """The decider of every task, before anything was fitted."""
        return {name: encoder.decider() for name, encoder in self.tasks.items()}

    @property
    def images(self) -> list[str]:
        """Image names as written in the annotations."""
        return self.table.data.column(IMAGE).to_pylist()


def prepare(
    config: Config, reporter: Reporter, earlier: Mapping[str, str] | None = None
) -> Prepared:
    """Check the data and split it.

    Args:
        config: The checked config.
        reporter: Shows the progress of decoding.
        earlier: Image name to part, of images that keep the part they had in another run; a
            column of parts takes precedence.

    Raises:
        DataError: The check found errors (all of them listed); or with `bad_data: skip`, errors
            that concern no single row, or more than 1 % of the rows. Or the train part is empty,
            or has no known cell of a task.
    """
    return divide(config, examine(config, reporter), earlier)


def divide(
    config: Config, found: Examination, earlier: Mapping[str, str] | None = None
) -> Prepared:
    """Drop faulty rows if the config says so, and split the rest; arguments as `prepare`.

    Raises:
        DataError: As `prepare`.
    """
    errors = [fault for fault in found.faults if fault.is_error]
    keep = np.arange(len(found.table))
    if errors and config.data.bad_data == "strict":
        raise DataError(f"the data check found {len(errors)} errors", found.faults)
    if errors:
        keep = _without(found, errors)
    table = found.table.take(keep) if len(keep) < len(found.table) else found.table
    targets = {name: values[keep] for name, values in found.targets.items()}
    digests = found.digests[keep]
    labels = {name: task.label_matrix(targets[name]) for name, task in found.tasks.items()}
    division = share_out(config, table, labels, digests, earlier or {})
    split = division.split
    _require_known(config, table, found.tasks, targets, split == "train")
    warnings = _thin_parts(table, found.tasks, labels, split)
    remarks = [fault for fault in found.faults if not fault.is_error]
    faults = (*remarks, *division.faults, *warnings)
    rest = (tuple(errors), digests, found.ranges, division.basis)
    return Prepared(table, found.tasks, targets, split, faults, *rest)


def _without(found: Examination, errors: list[Fault]) -> np.ndarray:
    """Rows that have no error, as long as only few have."""
    general = [fault for fault in errors if fault.row is None]
    if general:
        raise DataError(
            f"{len(general)} errors concern no single row, so that skipping cannot mend them",
            found.faults,
        )
    bad = {fault.row for fault in errors}
    if len(bad) > MAX_SKIPPED * len(found.table):
        raise DataError(
            f"{len(bad)} of {len(found.table)} rows have errors; at most {MAX_SKIPPED:.0%} may be "
            "skipped; mend the data",
            found.faults,
        )
    return np.array([row for row in range(len(found.table)) if row not in bad])


def _require_known(
    config: Config,
    table: Table,
    tasks: Mapping[str, TaskEncoder],
    targets: Mapping[str, Targets],
    training: np.ndarray,
) -> None:
    """Refuse a head that has no known cell in the train part, whatever other parts have."""
    for name, task in tasks.items():
        if not config.tasks[name].freeze and not task.known(targets[name])[training].any():
            message = (
                f'task "{name}" has no known cell in the {int(training.sum())} rows of the train '
                "part of the split; expected some; fill its column there, change data.split, or "
                "remove the task."
            )
            raise DataError(message, [Fault("E_NOTHING_KNOWN", table.source, message)])


def _thin_parts(
    table: Table,
    tasks: Mapping[str, TaskEncoder],
    labels: Mapping[str, np.ndarray],
    split: np.ndarray,
) -> list[Fault]:
    faults = []
    for name, task in tasks.items():
        if labels[name].shape[1] == len(task.classes):
            names = [f"{name}/{label}" for label in task.classes]
            faults += _thin_classes(names, labels[name], split, table.source)
    return faults


def _thin_classes(
    names: list[str], labels: np.ndarray, split: np.ndarray, source: str
) -> list[Fault]:
    """`W_NO_POSITIVES` for classes that some part of the split lacks though the table has them."""
    faults = []
    present = (labels == 1).any(0)
    for part in ("train", "val", "test"):
        rows = split == part
        lacking = present & ~(labels[rows] == 1).any(0)
        if rows.any() and lacking.any():
            shown = ", ".join(np.array(names)[lacking][:8]) + (" …" if lacking.sum() > 8 else "")
            lost = "they cannot be learnt" if part == "train" else "their figures there are null"
            message = (
                f"the {part} part has no positive row of {int(lacking.sum())} of {len(names)} "
                f"classes ({shown}); {lost}; add examples."
            )
            faults.append(Fault("W_NO_POSITIVES", source, message))
    return faults

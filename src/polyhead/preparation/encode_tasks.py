"""From encoders and a table to the targets of every task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polyhead.errors import DataError, Fault
from polyhead.preparation.resolve_classes import derived_tags
from polyhead.progress import Reporter
from polyhead.table import Table
from polyhead.tasks import Targets, TaskEncoder


def encode_tasks(
    encoders: Mapping[str, TaskEncoder], table: Table, sizes: np.ndarray, reporter: Reporter
) -> tuple[dict[str, Targets], list[Fault]]:
    """The targets of every task, and every fault of them.

    Masks are decoded once in full, as only their pixels show their faults.

    Args:
        encoders: Task name to encoder.
        table: N rows.
        sizes: (N, 2) height and width of the displayed images; masks of rows with 0 are skipped.
        reporter: Shows the progress.
    """
    derived = derived_tags(encoders)
    targets: dict[str, Targets] = {}
    faults: list[Fault] = []
    for name, encoder in encoders.items():
        if name not in derived:
            encoding = encoder.encode(table, sizes)
            targets[name], found = encoder.examine(encoding.targets, table, reporter)
            faults += [*encoding.faults, *found]
    for name, (source, derivation) in derived.items():
        targets[name] = derivation.encode(targets[source])
    return {name: targets[name] for name in encoders}, faults


def require_readable(message: str, faults: Sequence[Fault], rows: np.ndarray) -> None:
    """Refuse labels with an error that concerns some rows, or no single row.

    Args:
        message: What the rows were needed for.
        faults: Of the whole table; those of other rows do not count.
        rows: (M,) the rows in use.

    Raises:
        DataError: Lists the errors.
    """
    used = {None, *rows.tolist()}
    errors = [fault for fault in faults if fault.is_error and fault.row in used]
    if errors:
        raise DataError(message, errors)

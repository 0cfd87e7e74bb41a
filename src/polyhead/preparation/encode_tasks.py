"""From settled tasks and a table to the targets of every task."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polyhead.errors import Fault
from polyhead.preparation.settle import derived_tags
from polyhead.progress import Reporter
from polyhead.table import MaskTargets, Table
from polyhead.tasks import Targets, Task, check_masks


def encode_tasks(
    tasks: Mapping[str, Task], table: Table, sizes: np.ndarray, reporter: Reporter
) -> tuple[dict[str, Targets], list[Fault]]:
    """The targets of every task, and every fault of them.

    Masks are decoded once in full, as only their pixels tell what is wrong with them.

    Args:
        tasks: The settled tasks.
        table: N rows.
        sizes: (N, 2) height and width of the displayed pictures; masks of rows at 0 are left be.
        reporter: Told how far the masks are.
    """
    derived = derived_tags(tasks)
    targets: dict[str, Targets] = {}
    faults: list[Fault] = []
    for name, task in tasks.items():
        if name in derived:
            continue
        encoding = task.encode(table, sizes)
        targets[name] = encoding.targets
        faults += encoding.faults
        if isinstance(encoding.targets, MaskTargets):
            targets[name], found = _checked(task, encoding.targets, table, reporter)
            faults += found
    for name, (source, tags) in derived.items():
        targets[name] = tags.encode(targets[source])
    return {name: targets[name] for name in tasks}, faults


def _checked(
    task: Task, targets: MaskTargets, table: Table, reporter: Reporter
) -> tuple[MaskTargets, tuple[Fault, ...]]:
    with reporter.work("checking masks", int(targets.known.sum()), "masks") as advance:
        found = check_masks(
            targets, task.classes, table.where, progress=lambda _done: advance(1, "")
        )
    return found.targets, found.faults

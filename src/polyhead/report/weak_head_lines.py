"""Lines at the end of a training about heads that learnt next to nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from polyhead.config import Config
from polyhead.metrics import Comparison

LONGER, HEAVIER = 3, 4  # times the epochs, times the weight


def weak_head_lines(weak: Mapping[str, Comparison], config: Config) -> Iterator[str]:
    """A line for each head near its trivial answer, then what to do.

    Args:
        weak: Task name to its figure beside the trivial one.
        config: Of the run.
    """
    for name, compared in weak.items():
        yield f"{name}: on validation {compared}"
    if not weak:
        return
    changes = [f"train.epochs={LONGER * config.train.epochs}"]
    if len(config.tasks) > len(weak):  # else every head would weigh more, which is none
        changes += [f"tasks.{name}.weight={HEAVIER * config.tasks[name].weight:g}" for name in weak]
    sets = " ".join(f"--set {shlex.quote(change)}" for change in changes)
    yield (
        f"what helps such heads: more epochs or more weight ({sets}), more labelled images, "
        "and labels that can be seen in an image of model.image_size"
    )

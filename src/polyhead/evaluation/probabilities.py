"""What a network says of labels while something else looks at its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from polyhead.evaluation.score_table import write_score_table
from polyhead.metrics import ScoredTags
from polyhead.network import Network
from polyhead.table import IMAGE, Table
from polyhead.tasks import ClassTask, TagsTask, Task


@dataclass
class Answers:
    """What a network says of the labels of one task, batch by batch.

    Attributes:
        task: A tags or class task.
        chances: (B, L) probabilities of each batch, as `predict` tells them.
        labels: (B, L) bool of each batch, the labels that `predict` gives; none of a class task.
    """

    task: TagsTask | ClassTask
    chances: list[np.ndarray] = field(default_factory=list)
    labels: list[np.ndarray] = field(default_factory=list)

    def add(self, dense: Mapping[str, np.ndarray]) -> None:
        """Take one batch."""
        if isinstance(self.task, ClassTask):
            self.chances.append(dense["probabilities"])
            return
        decision = self.task.decision
        self.chances.append(decision.probabilities(dense))
        self.labels.append(decision.labels(dense, self.chances[-1]))

    @property
    def probabilities(self) -> np.ndarray:
        """(N, L) of all batches."""
        return np.concatenate(self.chances)

    def scored(self, targets: np.ndarray) -> ScoredTags:
        """Of a tags task, beside its (N, L) targets."""
        assert isinstance(self.task, TagsTask)
        classes = self.task.classes
        cuts = self.task.decision.cuts(len(classes))
        return ScoredTags(classes, self.probabilities, targets, cuts, np.concatenate(self.labels))


@contextmanager
def recorded_answers(
    network: Network, tasks: Mapping[str, Task]
) -> Iterator[Mapping[str, Answers]]:
    """Keep what the network says of every batch that it sees while the body runs.

    Args:
        network: The network.
        tasks: Those of tags and of classes are kept.
    """
    seen = {n: Answers(t) for n, t in tasks.items() if isinstance(t, TagsTask | ClassTask)}

    def keep(module: Any, _inputs: Any, outputs: Mapping[str, Any]) -> None:
        dense = module.dense({name: outputs[name] for name in seen})
        for name, answers in seen.items():
            answers.add({key: values.cpu().numpy() for key, values in dense[name].items()})

    handle = network.register_forward_hook(keep)
    try:
        yield seen
    finally:
        handle.remove()


def save_probabilities(
    path: Path, table: Table, rows: np.ndarray, recorded: Mapping[str, Answers]
) -> None:
    """Write a table of scores, as `polyhead evaluate CONFIG --predictions` reads it.

    Args:
        path: A parquet file.
        table: Names the pictures.
        rows: (M,) the rows in the order that they were seen in.
        recorded: Of the M pictures.
    """
    images = table.data.column(IMAGE).take(rows).to_pylist()
    scores = {name: answers.probabilities for name, answers in recorded.items()}
    classes = {name: answers.task.classes for name, answers in recorded.items()}
    write_score_table(path, images, scores, classes)

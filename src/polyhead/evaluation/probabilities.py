"""Probabilities of labels, kept while its figures are measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from polyhead.evaluation.score_table import write_score_table
from polyhead.table import IMAGE, Table
from polyhead.tasks import Dense, TaskDecider


@dataclass
class RecordedProbabilities:
    """An observer of a measuring pass that keeps the probabilities of one task.

    Attributes:
        decider: Of the task.
        batches: (B, C) probabilities of each batch, as `predict` returns them.
    """

    decider: TaskDecider
    batches: list[np.ndarray] = field(default_factory=list)

    @classmethod
    def of(cls, deciders: Mapping[str, TaskDecider]) -> dict[str, RecordedProbabilities]:
        """An observer for each task that has probabilities of classes."""
        return {name: cls(task) for name, task in deciders.items() if task.has_probabilities}

    def __call__(self, dense: Dense) -> None:
        """Take one batch."""
        self.batches.append(self.decider.label_probabilities(dense))

    @property
    def probabilities(self) -> np.ndarray:
        """(N, C) of all batches."""
        return np.concatenate(self.batches)


def save_probabilities(
    path: Path, table: Table, rows: np.ndarray, recorded: Mapping[str, RecordedProbabilities]
) -> None:
    """Write a table of scores, as `polyhead evaluate CONFIG --predictions` reads it.

    Args:
        path: A parquet file.
        table: Names the images.
        rows: (M,) the rows in the order that they were seen in.
        recorded: Of the M images.
    """
    images = table.data.column(IMAGE).take(rows).to_pylist()
    scores = {name: task.probabilities for name, task in recorded.items()}
    classes = {name: task.decider.classes for name, task in recorded.items()}
    write_score_table(path, images, scores, classes)

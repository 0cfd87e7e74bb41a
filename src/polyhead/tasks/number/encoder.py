"""From cells to the targets of a number task."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from polyhead.table import Table
from polyhead.table.cell_words import unknown_words
from polyhead.tasks.labels import unknown_cells_fault
from polyhead.tasks.number.decider import NumberDecider
from polyhead.tasks.number.number_cells import misreading, outlier_faults, parse_number
from polyhead.tasks.row_faults import row_faults
from polyhead.tasks.statistics import NumberStatistics
from polyhead.tasks.task_encoder import Encoding, TaskEncoder
from polyhead.tasks.text_cells import cell_codes, text_column

if TYPE_CHECKING:
    from polyhead.tasks.number.config import NumberConfig

NUM_STRATA = 5  # parts of the split are alike in these quantiles


@dataclass(frozen=True)
class NumberEncoder(TaskEncoder):
    """The encoder of a number task.

    Attributes:
        name: Key in the YAML.
        config: The task's keys.
        classes: None of them.
    """

    type: ClassVar[str] = "number"
    name: str
    config: NumberConfig
    classes: tuple[str, ...] = ()

    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:  # noqa: ARG002
        """(N,) float64: the number as written, NaN unknown."""
        column = self.config.column or self.name
        codes, texts = cell_codes(text_column(table, column))
        words = unknown_words(texts)
        problems = [None if text.strip() in words else self._problem(text) for text in texts]
        good = [
            parse_number(text) if problem is None and text.strip() not in words else math.nan
            for text, problem in zip(texts, problems, strict=True)
        ]
        targets = np.array([*good, math.nan], np.float64)[codes]
        wrong = np.array([*(problem is not None for problem in problems), False])
        rows = np.flatnonzero(wrong[codes])
        messages = (f"{problems[code]}." for code in codes[rows].tolist())
        rest = "more cells hold no number that fits; mend them."
        faults = row_faults("E_NUMBER", table, rows, messages, rest)
        where = f'{table.source} column "{column}"'
        numbers = np.bincount(codes[codes >= 0], minlength=len(texts)).tolist()
        unknown = {t: n for t, n in zip(texts, numbers, strict=True) if t.strip() in words}
        faults += unknown_cells_fault(unknown, where)
        return Encoding(targets, [*faults, *outlier_faults(table, column, targets)])

    def _problem(self, text: str) -> str | None:
        """What is wrong with a cell, None when nothing is."""
        problem = misreading(text)
        if problem is not None or not text.strip():
            return problem
        value, found = parse_number(text), f'found "{text.strip()}"'
        low, high = self.config.range or (-math.inf, math.inf)
        if not low <= value <= high:
            return f"{found}; expected {low:g} to {high:g} as `range` declares; mend one of them"
        if self.config.is_count and not (value >= 0 and value.is_integer()):
            return f"{found}; expected a count (0, 1, 2, …) as poisson needs; mend one of them"
        return None

    def known(self, targets: np.ndarray) -> np.ndarray:
        """Rows whose number is known."""
        return ~np.isnan(targets)

    def stack(self, samples: Sequence[np.floating]) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of a batch in float32, as networks compute, and which are known."""
        targets, known = super().stack(samples)
        return targets.astype(np.float32), known

    def label_matrix(self, targets: np.ndarray) -> np.ndarray:
        """One yes/no column per quantile band."""
        known = ~np.isnan(targets)
        if not known.any():
            return np.full((len(targets), 0), -1, np.int8)
        edges = np.unique(np.nanquantile(targets, np.linspace(0, 1, NUM_STRATA + 1)[1:-1]))
        labels = np.searchsorted(edges, targets)[:, None] == np.arange(len(edges) + 1)
        return np.where(known[:, None], labels, -1).astype(np.int8)

    def statistics(self, targets: np.ndarray) -> NumberStatistics:
        """Mean and spread of the known numbers."""
        return NumberStatistics.of(targets[self.known(targets)])

    def join(self, targets: Sequence[Any], *, overlaid: bool) -> Any:
        """Unknown: it may be a count, a mean or anything else."""
        del overlaid
        return np.asarray(targets[0]).dtype.type(np.nan)

    def decider(self) -> NumberDecider:
        """Answers inside the declared range."""
        return NumberDecider(self.name, range=self.config.range, is_count=self.config.is_count)

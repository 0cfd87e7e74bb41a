"""Task type `number`: one quantity per picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from polyhead.metrics import NumberMeter
from polyhead.predictions import NumberPrediction
from polyhead.registry import Component, ComponentField
from polyhead.table import Table
from polyhead.table.cell_words import unknown_words
from polyhead.tasks.labels import unknown_cells_fault
from polyhead.tasks.number.cells import misreading, outlier_faults, parse_number
from polyhead.tasks.row_faults import row_faults
from polyhead.tasks.task import Dense, Encoding, Task, TaskConfig
from polyhead.tasks.text_cells import cell_codes, text_column

NUM_STRATA = 5  # parts of the split are alike in these quantiles
MIN_KNOWN = 20  # fewer say too little about the width of intervals


class NumberConfig(TaskConfig):
    """Keys of a number task."""

    type: Literal["number"]
    column: str | None = Field(default=None, description="The task's own name unless given.")
    range: tuple[float, float] | None = Field(
        default=None, description="[lowest, highest] that is possible; answers stay inside."
    )
    distribution: Literal["normal", "poisson"] | None = Field(
        default=None, description="normal adds an 80 % interval; poisson is for counts."
    )
    head: ComponentField = Component(name="mlp")
    loss: ComponentField = Component(name="huber")

    @field_validator("range")
    @classmethod
    def _ascending(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            raise ValueError(f"found {list(value)}; expected the lowest first")
        return value

    @model_validator(mode="before")
    @classmethod
    def _loss_of_distribution(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("distribution") in ("normal", "poisson"):
            return {"loss": value["distribution"], **value}
        return value

    @model_validator(mode="after")
    def _one_distribution(self) -> NumberConfig:
        if self.distribution not in (None, self.loss.name):
            raise ValueError(
                f"found distribution {self.distribution} and loss {self.loss.name}; expected the "
                "same in both; leave one of them out"
            )
        return self

    def resolve(self, name: str, table: Table) -> NumberTask:  # noqa: ARG002
        """The task; a number has no classes that the table would have to tell."""
        is_count = self.loss.name == "poisson"
        return NumberTask(name, config=self, range=self.range, is_count=is_count)


@dataclass(frozen=True)
class NumberTask(Task):
    """A number task.

    Attributes:
        name: Key in the YAML.
        classes: None of them.
        config: Where the number stands in the table; None once trained.
        range: Lowest and highest answer, when the user declared them.
        interval_scale: What the widths of the network's intervals are multiplied by.
        is_count: Whether it counts, so that answers are shown with one decimal at most.
    """

    type: ClassVar[str] = "number"
    score_name: ClassVar[str] = "R2"
    name: str
    classes: tuple[str, ...] = ()
    config: NumberConfig | None = None
    range: tuple[float, float] | None = None
    interval_scale: float = 1.0
    is_count: bool = False

    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:  # noqa: ARG002
        """(N,) float64: the number as written, NaN unknown."""
        assert self.config is not None
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
        said = {t: n for t, n in zip(texts, numbers, strict=True) if t.strip() in words}
        faults += unknown_cells_fault(said, where)
        return Encoding(targets, [*faults, *outlier_faults(table, column, targets)])

    def _problem(self, text: str) -> str | None:
        """What is wrong with a cell, None when nothing is."""
        problem = misreading(text)
        if problem is not None or not text.strip():
            return problem
        value, found = parse_number(text), f'found "{text.strip()}"'
        if self.range and not self.range[0] <= value <= self.range[1]:
            low, high = self.range
            return f"{found}; expected {low:g} to {high:g} as `range` declares; mend one of them"
        poisson = self.config is not None and self.config.loss.name == "poisson"
        if poisson and not (value >= 0 and value.is_integer()):
            return f"{found}; expected a count (0, 1, 2, …) as poisson needs; mend one of them"
        return None

    def read_from(self, config: NumberConfig) -> NumberTask:
        """Itself, reading where the config says."""
        return replace(self, config=config)

    def known(self, targets: np.ndarray) -> np.ndarray:
        """Rows whose number is known."""
        return ~np.isnan(targets)

    def stack(self, samples: Sequence[np.floating]) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of a batch in float32, as networks compute, and which are known."""
        targets, known = super().stack(samples)
        return targets.astype(np.float32), known

    def stratify(self, targets: np.ndarray) -> np.ndarray:
        """One yes/no column per quantile band."""
        known = ~np.isnan(targets)
        if not known.any():
            return np.full((len(targets), 0), -1, np.int8)
        edges = np.unique(np.nanquantile(targets, np.linspace(0, 1, NUM_STRATA + 1)[1:-1]))
        labels = np.searchsorted(edges, targets)[:, None] == np.arange(len(edges) + 1)
        return np.where(known[:, None], labels, -1).astype(np.int8)

    def select(self, dense: Dense, sizes: np.ndarray) -> list[NumberPrediction]:  # noqa: ARG002
        """The number, inside the declared range, with its interval where there is one."""
        columns = [column.tolist() for column in self.answers(dense)]
        rows = zip(*columns, strict=True)
        return [NumberPrediction(*row, is_count=self.is_count) for row in rows]

    def answers(self, dense: Dense) -> list[np.ndarray]:
        """(B,) float64 numbers, and lower and upper ends where the network gives any."""
        value = dense["value"].astype(np.float64)
        ends = [dense[key].astype(np.float64) for key in ("low", "high") if key in dense]
        scaled = [value + self.interval_scale * (end - value) for end in ends]
        return [np.clip(column, *(self.range or (None, None))) for column in (value, *scaled)]

    def meter(self) -> _Meter:
        """Figures of the answers, as they are given."""
        return _Meter(self)

    def fit(self, dense: Dense, targets: np.ndarray) -> NumberTask:
        """The same task, its intervals as wide as holds 80 % of the validation part.

        A network is surer of what it was trained on: its own intervals are too narrow. They are
        scaled by the ⌈0.8·(n + 1)⌉-th smallest |y − ŷ| / half width of n known rows, which
        covers at least 80 % of new rows on average; left as they are when n is below 20.
        Source: Lei et al., *Distribution-free predictive inference for regression*, 2018.
        """
        known = self.known(targets)
        num_known = int(known.sum())
        if "low" not in dense or num_known < MIN_KNOWN:
            return self
        value, low, high = (dense[key][known] for key in ("value", "low", "high"))
        ratios = np.sort(2 * np.abs(targets[known] - value) / (high - low))
        return replace(self, interval_scale=float(ratios[-(-4 * (num_known + 1) // 5) - 1]))

    @classmethod
    def from_dict(cls, name: str, entry: Mapping[str, Any]) -> NumberTask:
        """From type, range, scale of intervals, and whether it counts: older runs do not say."""
        bounds = entry["range"] and (entry["range"][0], entry["range"][1])
        scale, is_count = entry["interval_scale"], entry.get("is_count", False)
        return cls(name, range=bounds, interval_scale=scale, is_count=is_count)

    def to_dict(self) -> dict[str, Any]:
        """Type, range, scale of intervals, and whether it counts."""
        bounds = None if self.range is None else list(self.range)
        return {
            "type": self.type,
            "range": bounds,
            "interval_scale": self.interval_scale,
            "is_count": self.is_count,
        }


class _Meter:
    """A `NumberMeter` that sees the answers as they are given."""

    def __init__(self, task: NumberTask) -> None:
        self._task, self._meter = task, NumberMeter()
        self._seen: list[tuple[Dense, np.ndarray]] = []

    def update(self, dense: Dense, targets: np.ndarray) -> None:
        """Take one batch."""
        value, *ends = self._task.answers(dense)
        self._meter.update(value, targets, *ends)
        self._seen.append((dense, targets))

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The task's part of `evaluation.json`."""
        return self._meter.compute(intervals=intervals)

    def fit(self) -> NumberTask:
        """The task with intervals of the right width."""
        dense = {
            key: np.concatenate([part[key] for part, _ in self._seen]) for key in self._seen[0][0]
        }
        return self._task.fit(dense, np.concatenate([targets for _, targets in self._seen]))

"""Figures in the shape of `evaluation.json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from polyhead.metrics.bootstrap import (
    affordable_samples,
    bootstrap_weights,
    proportion_interval,
)
from polyhead.metrics.confusion_counts import ConfusionCounts

Figures = Callable[[np.ndarray], Mapping[str, np.ndarray]]
Shares = Mapping[str, tuple[int, int]]

NO_SHARES: Shares = MappingProxyType({})
_UNIT = (0.0, 1.0)
# Where figures that are no shares may lie.
_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("log_loss", "coverage", "MAE", "RMSE", "interval_width"), (0.0, float("inf"))
        ),
        "R2": (-float("inf"), 1.0),
    }
)


def metric_entries(
    figures: Figures,
    shape: tuple[int, int],
    intervals: bool,
    shares: Shares = NO_SHARES,
) -> dict[str, dict[str, float | None]]:
    """Each figure as `{"value"}`, with a 95 % interval `low`, `high` where wanted.

    Args:
        figures: From (N,) or (N, R) weights of the images to () or (R,) figures by name.
        shape: N, and the number of columns that one image costs.
        intervals: Whether to add intervals: by bootstrap, cut to where the figure may lie.
        shares: Figures that are plain shares of images, with how many count out of how many:
            they get Wilson's interval.

    Returns:
        Numbers that JSON can hold, None for NaN.
    """
    shaped = value_entries(figures(np.ones(shape[0])))
    if intervals:
        num_samples = affordable_samples(shape[0] * shape[1])
        found = bootstrap_weights(figures, shape[0], num_samples=num_samples)
        found |= {name: proportion_interval(*counts) for name, counts in shares.items()}
        for name, interval in found.items():
            ends = np.clip((interval.low, interval.high), *_RANGES.get(name, _UNIT))
            shaped[name] |= {"low": _plain(ends[0]), "high": _plain(ends[1])}
    return shaped


def value_entries(values: Mapping[str, np.ndarray]) -> dict[str, dict[str, float | None]]:
    """Each () figure as `{"value"}` alone.

    For figures whose resamples lie above them, so that a percentile interval would often leave out
    the very value: ECE sums absolute noise, a majority is the largest of noisy shares.
    """
    return {name: {"value": _plain(value)} for name, value in values.items()}


def label_figures(counts: ConfusionCounts) -> dict[str, np.ndarray]:
    """F1, precision and recall of each label, under the names of the evaluation file."""
    return {"F1": counts.f1, "precision": counts.precision, "recall": counts.recall}


def class_entries(
    classes: Sequence[str], columns: Mapping[str, np.ndarray]
) -> dict[str, dict[str, float | None]]:
    """One entry a class, with its cell of each (L,) column; None for NaN."""
    return dict(zip(classes, table_entries(columns), strict=True))


def table_entries(columns: Mapping[str, np.ndarray]) -> list[dict[str, float | None]]:
    """One entry a row, with its cell of each column of the same length; None for NaN."""
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, map(_plain, row), strict=True)) for row in rows]


def _plain(value: Any) -> float | None:
    """A number that JSON can hold: None for NaN."""
    return None if np.isnan(value) else np.asarray(value).item()

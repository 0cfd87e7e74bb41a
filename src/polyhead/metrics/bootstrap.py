"""Percentile bootstrap intervals, resampling images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

# Weights held at once (32 MiB as float64).
CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Interval:
    """Central interval of a bootstrapped figure; both ends NaN when it is never defined."""

    low: float
    high: float


def affordable_samples(num_cells: int) -> int:
    """How many resamples a table of this size affords: 1000 when small, 200 when large.

    Args:
        num_cells: N × L.

    Returns:
        Between 200 (below which the ends of a 95 % interval are noise) and 1000.
    """
    return int(np.clip(200_000_000 // max(num_cells, 1), 200, 1000))


def bootstrap_rows(
    metric: Callable[[np.ndarray], float],
    num_rows: int,
    *,
    num_samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Bootstrap any figure that is a function of the rows it is taken over.

    Source: Efron, *Bootstrap methods: another look at the jackknife*, 1979.

    Args:
        metric: From (N,) row numbers, drawn with replacement, to a figure or NaN.
        num_rows: N, the number of images.
        num_samples: Resamples.
        level: Share of the resamples inside the interval.
        seed: The same seed draws the same resamples.

    Returns:
        The central interval of the figures that are not NaN.
    """
    draws = _draws(num_rows, num_samples, seed)
    return percentile_interval(np.array([metric(rows) for rows in draws]), level)


def bootstrap_weights(
    metrics: Callable[[np.ndarray], Mapping[str, np.ndarray]],
    num_rows: int,
    *,
    num_samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval]:
    """Bootstrap named figures that take weights: the same draws as `bootstrap_rows`, far quicker.

    Args:
        metrics: From (N, R) weights, how often each image was drawn, to (R,) figures by name.
        num_rows: N, the number of images.
        num_samples: Resamples.
        level: Share of the resamples inside an interval.
        seed: The same seed draws the same resamples.

    Returns:
        The central interval of each figure, over the resamples where it is not NaN.
    """
    draws = _draws(num_rows, num_samples, seed)
    at_once = max(CELLS_AT_ONCE // max(num_rows, 1), 1)
    figures: list[Mapping[str, np.ndarray]] = []
    for start in range(0, num_samples, at_once):
        size = min(at_once, num_samples - start)
        weights = np.empty((num_rows, size))
        for column in range(size):
            weights[:, column] = np.bincount(next(draws), minlength=num_rows)
        figures.append(metrics(weights))
    return {
        name: percentile_interval(np.concatenate([part[name] for part in figures]), level)
        for name in figures[0]
    }


def percentile_interval(values: np.ndarray, level: float = 0.95) -> Interval:
    """The central interval that holds this share of the defined values.

    Args:
        values: (R,) figures of the resamples, NaN where undefined.
        level: Share inside, between 0 and 1.

    Returns:
        Its ends, NaN when no value is defined.
    """
    defined = values[~np.isnan(values)]
    if not len(defined):
        return Interval(np.nan, np.nan)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def _draws(num_rows: int, num_samples: int, seed: int) -> Iterator[np.ndarray]:
    generator = np.random.default_rng(seed)
    for _ in range(num_samples):
        # An empty set has one resample: itself.
        yield generator.integers(max(num_rows, 1), size=num_rows)

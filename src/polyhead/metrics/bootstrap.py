"""Bootstrap intervals, resampling images, moved by the bias that resampling shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

# Weights held at once (76 MiB as float32, which holds counts of images exactly).
CELLS_AT_ONCE = 20_000_000
LEVEL = 0.95  # how often an interval should hold what more images would show
ROUNDING = 1e-12  # relative; resamples that lie no farther apart agree


@dataclass(frozen=True)
class Interval:
    """Interval of a figure; both ends NaN when resampling cannot estimate it."""

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


def bootstrap_weights(
    metrics: Callable[[np.ndarray], Mapping[str, np.ndarray]],
    num_rows: int,
    *,
    num_samples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Bootstrap figures that take weights: drawing rows again and again, far quicker.

    Source: Efron, *Bootstrap methods: another look at the jackknife*, 1979. What is made of the
    resamples: `bias_corrected_interval`.

    Args:
        metrics: From (N, R) weights, how often each image was drawn, to (R,) figures by name.
        num_rows: N, the number of images.
        num_samples: Resamples.
        seed: The same seed draws the same resamples.

    Returns:
        The interval of each figure, over the resamples where it is not NaN.
    """
    generator = np.random.default_rng(seed)
    at_once = max(CELLS_AT_ONCE // max(num_rows, 1), 1)
    figures: list[Mapping[str, np.ndarray]] = []
    for start in range(0, num_samples, at_once):
        size = min(at_once, num_samples - start)
        weights = np.empty((num_rows, size), np.float32)
        for column in range(size):
            drawn = generator.integers(max(num_rows, 1), size=num_rows)  # no row of no rows
            weights[:, column] = np.bincount(drawn, minlength=num_rows)
        figures.append(metrics(weights))
    return {
        name: bias_corrected_interval(
            float(value), np.concatenate([part[name] for part in figures])
        )
        for name, value in metrics(np.ones(num_rows)).items()
    }


def bias_corrected_interval(value: float, resampled: np.ndarray) -> Interval:
    """The resamples' central interval [l, h], moved by twice their bias b = median − value.

    Where images drawn twice raise a figure, as they do AP of rare labels, the resamples lie
    b above the value, and it in turn about b above what more images would show: [l − 2b, h − 2b].
    For normal resamples this is Efron's bias-corrected percentile interval (*Better bootstrap
    confidence intervals*, 1987), whose ends collapse where nearly all resamples lie on one side.
    The ends are stretched to hold the value where the bias exceeds the spread.

    Args:
        value: The figure of the images themselves.
        resampled: (R,) figures of the resamples, NaN where undefined.

    Returns:
        Its ends; NaN when the value or every resample is undefined, and when all resamples agree:
        16 of 16 right does not mean that the next one will be.
    """
    defined = resampled[~np.isnan(resampled)]
    if np.isnan(value) or not len(defined) or np.ptp(defined) <= ROUNDING * abs(value):
        return Interval(np.nan, np.nan)
    low, middle, high = np.quantile(defined, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
    moved = 2 * (middle - value)
    return Interval(float(min(low - moved, value)), float(max(high - moved, value)))


def proportion_interval(num_right: int, num_images: int) -> Interval:
    """Wilson's interval of a share of independent images: 16 of 16 right leave room for misses.

    Source: Wilson, *Probable inference, the law of succession, and statistical inference*, 1927.

    Args:
        num_right: Images that count.
        num_images: Images it is a share of.

    Returns:
        Its ends, NaN of no images.
    """
    from scipy.stats import binomtest

    if not num_images:
        return Interval(np.nan, np.nan)
    found = binomtest(num_right, num_images).proportion_ci(LEVEL, method="wilson")
    return Interval(float(found.low), float(found.high))

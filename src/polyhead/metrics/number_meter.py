"""The meter of a number task: chunks of predictions in, its part of `evaluation.json` out."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from polyhead.errors import DivergedError
from polyhead.metrics.entries import metric_entries, value_entries
from polyhead.metrics.ratios import ratio


class NumberMeter:
    """Collects predicted and true numbers; exact, N × 32 bytes. NaN targets are unknown."""

    def __init__(self) -> None:
        self._columns: list[np.ndarray] = [np.zeros((0, 4))]

    def update(
        self,
        values: np.ndarray,
        targets: np.ndarray,
        low: np.ndarray | None = None,
        high: np.ndarray | None = None,
    ) -> None:
        """Add the images of a chunk.

        Args:
            values: (B,) predictions, in the unit of the targets.
            targets: (B,) true numbers; NaN unknown.
            low: (B,) lower ends of intervals, when the task predicts any.
            high: (B,) upper ends.

        Raises:
            DivergedError: The prediction of a known row is not finite.
        """
        blank = np.full(len(values), np.nan)
        ends = (blank if low is None else low, blank if high is None else high)
        chunk = np.stack([values, targets, *ends], 1).astype(np.float64)
        if not np.isfinite(chunk[~np.isnan(chunk[:, 1]), 0]).all():
            raise DivergedError("a predicted number is not finite; the weights have diverged.")
        self._columns.append(chunk)

    def compute(self, *, intervals: bool = False) -> dict[str, Any]:
        """The figures of the task, ready for JSON: what is undefined is None.

        MAE = mean |ŷ−y|, RMSE = √mean (ŷ−y)², R2 = 1 − Σ(ŷ−y)²/Σ(y−ȳ)², all over known rows.
        `MAE_mean` is the MAE of always answering these images' mean. `interval_coverage` is the
        share of true numbers inside the predicted intervals, `interval_width` their mean width.

        Args:
            intervals: Whether to add 95 % intervals over images.

        Returns:
            `num_images`, `num_known` and `metrics`.
        """
        columns = np.concatenate(self._columns)
        known = columns[~np.isnan(columns[:, 1])]
        figures = partial(_figures, known)
        baseline = np.abs(known[:, 1] - known[:, 1].mean()).mean() if len(known) else np.nan
        return {
            "num_images": len(columns),
            "num_known": len(known),
            "metrics": {
                **metric_entries(
                    figures, (len(known), 1), intervals and len(known) > 0, _shares(known)
                ),
                **value_entries({"MAE_mean": np.asarray(baseline)}),
            },
        }


def _figures(known: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Figures under (N,) or (N, R) weights of the known rows."""
    values, targets, low, high = known.T
    error = values - targets
    total, squares = weights.sum(0), (error**2) @ weights
    found = {
        "MAE": ratio(np.abs(error) @ weights, total),
        "RMSE": np.sqrt(ratio(squares, total)),
        "R2": 1 - ratio(squares, _spread(targets, weights)),
    }
    if _has_ends(known):
        found["interval_coverage"] = ratio(_inside(known).astype(float) @ weights, total)
        found["interval_width"] = ratio((high - low) @ weights, total)
    return found


def _shares(known: np.ndarray) -> dict[str, tuple[int, int]]:
    """How many true numbers lie inside their predicted intervals, of how many."""
    if not _has_ends(known):
        return {}
    return {"interval_coverage": (int(_inside(known).sum()), len(known))}


def _has_ends(known: np.ndarray) -> bool:
    return len(known) > 0 and not np.isnan(known[:, 2]).any()


def _inside(known: np.ndarray) -> np.ndarray:
    """(N,) bool."""
    _, targets, low, high = known.T
    return (low <= targets) & (targets <= high)


def _spread(targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Σ w·(y − ȳ)² over rows; 0 where it is no more than rounding."""
    if not len(targets):
        return weights.sum(0)
    total = weights.sum(0)
    centred = targets - targets.mean()  # squares of years or coordinates would cancel
    squares = (centred**2) @ weights
    spread = squares - total * ratio(centred @ weights, total) ** 2
    noise = 1e-12 * squares + total * (1e-12 * np.abs(targets).max()) ** 2
    return np.where(spread > noise, spread, 0.0)

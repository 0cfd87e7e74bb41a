"""Precision and recall of one column of scores, and the areas that protocols take under them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

COLUMNS_AT_ONCE = 64
ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Column:
    """One class: N cells.

    Attributes:
        scores: (N,) float32 or float64; those of unknown cells are never read.
        targets: (N,) 1 yes, 0 no, -1 unknown.
    """

    scores: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True)
class PrecisionSteps:
    """What has been found at each positive, by falling score; P positives.

    Attributes:
        hits: (P,) positives at or above its score.
        cells: (P,) known cells at or above its score.
    """

    hits: np.ndarray
    cells: np.ndarray


def columns_of(scores: np.ndarray, targets: np.ndarray) -> Iterator[Column]:
    """Each class in turn.

    Args:
        scores: (N, L) of any order in memory; a few columns are copied at a time.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
    """
    for start in range(0, scores.shape[1], COLUMNS_AT_ONCE):
        block = slice(start, start + COLUMNS_AT_ONCE)
        for pair in zip(_turned(scores[:, block]), _turned(targets[:, block]), strict=True):
            yield Column(*pair)


def _turned(columns: np.ndarray) -> np.ndarray:
    """(C, N): the columns as rows of their own, copied so many cells at a time as a cache holds."""
    if columns.flags.f_contiguous:
        return columns.T
    rows = np.empty(columns.shape[::-1], columns.dtype)
    for start in range(0, len(columns), ROWS_AT_ONCE):
        rows[:, start : start + ROWS_AT_ONCE] = columns[start : start + ROWS_AT_ONCE].T
    return rows


def precision_steps(column: Column) -> PrecisionSteps:
    """Count the cells at or above each positive; equal scores share a step.

    Sorting the bare scores and looking the positives up is several times faster than sorting
    places: it moves 4 bytes a cell, and no order among ties is ever needed. What lies below every
    positive is not even sorted.
    """
    scores, targets = column.scores, column.targets
    found = np.sort(scores[targets == 1])
    if not len(found):
        return PrecisionSteps(np.empty(0, np.int64), np.empty(0, np.int64))
    # Taking by places is several times faster than by a mask that nothing predicts.
    others = np.sort(scores[np.flatnonzero((targets == 0) & (scores >= found[0]))])
    hits = len(found) - np.searchsorted(found, found)
    false_alarms = len(others) - np.searchsorted(others, found)
    return PrecisionSteps(hits[::-1], (hits + false_alarms)[::-1])


def ranked_steps(column: Column) -> PrecisionSteps:
    """As `precision_steps`, but equal scores keep the order of their rows, one by one."""
    known = column.targets >= 0
    order = np.argsort(-column.scores[known], kind="stable")
    cells = np.flatnonzero(column.targets[known][order] == 1) + 1
    return PrecisionSteps(np.arange(1, len(cells) + 1), cells)


def exact_area(steps: PrecisionSteps) -> float:
    """Mean precision over positives: Σ (R_i − R_{i−1}) P_i; NaN without a positive."""
    if not len(steps.cells):
        return np.nan
    return float(np.mean(steps.hits / steps.cells))


def interpolated_area(steps: PrecisionSteps) -> float:
    """As `exact_area` with P_i = max_{j ≥ i} P_j, as in PASCAL VOC from 2010 on."""
    if not len(steps.cells):
        return np.nan
    return float(np.mean(_envelope(steps)))


def eleven_point_area(steps: PrecisionSteps) -> float:
    """Mean of the highest precision at recall >= t, t = 0, 0.1, …, 1, as in PASCAL VOC 2007.

    Recalls are compared as whole numbers: 3 of 10 reaches 0.3.
    """
    if not len(steps.cells):
        return np.nan
    best, total = _envelope(steps), len(steps.cells)
    reached = np.searchsorted(10 * steps.hits, np.arange(11) * total)
    return float(np.mean(best[reached]))


def _envelope(steps: PrecisionSteps) -> np.ndarray:
    """(P,) the highest precision at this positive or any later one."""
    return np.maximum.accumulate((steps.hits / steps.cells)[::-1])[::-1]

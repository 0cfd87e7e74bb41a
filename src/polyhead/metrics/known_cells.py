"""Targets with unknown cells: their known part, and checks of a metric's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from polyhead.errors import DivergedError

# How far float32 rounding may carry a probability past 0 or 1.
ROUNDING = 1e-5

# Worked on at once (4 MB as float32): what a processor's cache nearly holds.
CELLS_AT_ONCE = 1_000_000


def check_cells(scores: np.ndarray, targets: np.ndarray) -> None:
    """Refuse scores and targets of a tags task that do not fit; arguments as `known_cells`.

    Looks at some rows at a time, so that a hundred million cells cost no copy.

    Raises:
        ValueError: Shapes differ, scores are half precision, or a target has another value.
        DivergedError: The score of a known cell is NaN.
    """
    if scores.ndim != 2 or scores.shape != targets.shape:
        raise ValueError(
            "Parameters `scores` and `targets` should both be (N, L). "
            f"Found {scores.shape} and {targets.shape}."
        )
    _refuse_half_precision(scores)
    for rows in row_blocks(scores.shape):
        part = targets[rows]
        in_range = not part.size or (part.min() >= -1 and part.max() <= 1)
        if not in_range or (part.dtype.kind not in "iu" and not np.isin(part, (-1, 0, 1)).all()):
            raise ValueError(
                "Parameter `targets` should hold 1 yes, 0 no, -1 unknown. "
                f"Found {np.unique(part)[:8].tolist()}."
            )
        # The least of numbers among which one is NaN is NaN: one look at most blocks.
        if part.size and np.isnan(scores[rows].min()) and np.isnan(scores[rows][part >= 0]).any():
            raise DivergedError("A score is NaN; the model has diverged: lower the learning rate.")


def row_blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices of rows that together hold all, each of about `CELLS_AT_ONCE` cells.

    Args:
        shape: N and L.

    >>> list(row_blocks((5, 300_000)))
    [slice(0, 3, None), slice(3, 6, None)]
    """
    step = max(1, CELLS_AT_ONCE // max(1, shape[1]))
    for start in range(0, shape[0], step):
        yield slice(start, start + step)


def known_cells(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Check the scores and targets of a tags task; return which cells are known.

    Args:
        scores: (N, L) logits or probabilities; those of unknown cells are never read.
        targets: (N, L) 1 yes, 0 no, -1 unknown.

    Returns:
        (N, L) bool.

    Raises:
        ValueError: Shapes differ, scores are half precision, or a target has another value.
        DivergedError: The score of a known cell is NaN.
    """
    check_cells(scores, targets)
    return targets >= 0


def known_rows(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Check the scores and targets of a class task; return which rows are known.

    Args:
        scores: (N, K) probabilities; those of unknown rows are never read.
        targets: (N,) index of the class, -1 unknown.

    Returns:
        (N,) bool.

    Raises:
        ValueError: Shapes do not fit, scores are half precision, or a target is out of range.
        DivergedError: A score of a known row is NaN.
    """
    if scores.ndim != 2 or targets.shape != scores.shape[:1]:
        raise ValueError(
            "Parameters `scores` and `targets` should be (N, K) and (N,). "
            f"Found {scores.shape} and {targets.shape}."
        )
    _refuse_half_precision(scores)
    num_classes = scores.shape[1]
    if ((targets < -1) | (targets >= num_classes)).any():
        raise ValueError(
            f"Parameter `targets` should lie between -1 and {num_classes - 1}. "
            f"Found {int(targets.min())} to {int(targets.max())}."
        )
    known = targets >= 0
    if np.isnan(scores[known]).any():
        raise DivergedError("A score is NaN; the model has diverged: lower the learning rate.")
    return known


def check_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """Refuse what is no probability; clip what rounding carried past 0 or 1.

    Args:
        probabilities: Any shape, of known cells alone or with 0 in the unknown ones.

    Returns:
        The same shape, float32, in [0, 1].

    Raises:
        ValueError: A value lies outside [0, 1].
    """
    if ((probabilities < -ROUNDING) | (probabilities > 1 + ROUNDING)).any():
        raise ValueError(
            "Parameter `probabilities` should lie in [0, 1]; logits need their inverse link first. "
            f"Found {float(probabilities.min()):.4g} to {float(probabilities.max()):.4g}."
        )
    return np.clip(probabilities, 0, 1).astype(np.float32)


def check_width(probabilities: np.ndarray, classes: Sequence[str]) -> None:
    """Refuse a chunk that has not one column a class.

    Args:
        probabilities: (B, L).
        classes: The L labels.

    Raises:
        ValueError: It has another shape.
    """
    if probabilities.ndim != 2 or probabilities.shape[1] != len(classes):
        raise ValueError(
            f"Parameter `probabilities` should be (B, {len(classes)}), one column a class. "
            f"Found {probabilities.shape}."
        )


def _refuse_half_precision(scores: np.ndarray) -> None:
    # Confident logits tie in half precision, which cost 1.1 to 1.3 points of mAP.
    if scores.dtype not in (np.float32, np.float64):
        raise ValueError(
            "Scores should be float32 or float64, cast before the inverse link. "
            f"Found {scores.dtype}."
        )

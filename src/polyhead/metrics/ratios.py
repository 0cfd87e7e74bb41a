"""Quotients and means that are NaN, without a warning, where nothing was counted."""

from __future__ import annotations

import numpy as np


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Element-wise quotient; NaN where the denominator is 0.

    Args:
        numerator: Any shape.
        denominator: Counts or weights >= 0 that broadcast against it.

    Returns:
        float64, of the broadcast shape.

    >>> ratio(np.array([1, 0]), np.array([2, 0]))
    array([0.5, nan])
    """
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    undefined = np.full(numerator.shape, np.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator != 0)


def mean_defined(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is not NaN; NaN where nothing is left.

    Args:
        values: (L, …) one figure a class; NaN where the class cannot be evaluated.

    Returns:
        (…) float64.

    >>> float(mean_defined(np.array([0.5, np.nan, 1.0])))
    0.75
    """
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=0), defined.sum(axis=0))

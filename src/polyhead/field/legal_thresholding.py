"""Labels from probabilities and thresholds, under rules and told labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from polyhead.field.rules import Rules

SMALLEST = 1e-15  # the logit of a probability of 0 or 1 must stay a number
TIE = 1e-9


def legal_thresholding(
    probabilities: np.ndarray,
    thresholds: np.ndarray,
    rules: Rules,
    given: np.ndarray | None,
    repair: Callable[[np.ndarray, np.ndarray | None], np.ndarray],
) -> np.ndarray:
    """Argmax over legal y of Σ_i y_i (logit p_i − logit t_i): y_i = p_i >= t_i where that is legal.

    Args:
        probabilities: (B, L).
        thresholds: (L,).
        rules: Over the L labels.
        given: (B, L) 1 yes, 0 no, -1 not told; or None.
        repair: The legal y of the largest s·y, of scores (n, L) and told labels (n, L) or None.

    Returns:
        (B, L) bool.
    """
    reaches = probabilities >= thresholds
    chosen = reaches if given is None else np.where(given >= 0, given == 1, reaches)
    if not rules:
        return chosen
    illegal = ~rules.legal(chosen)
    if illegal.any():
        scores = _log_odds(probabilities[illegal]) - _log_odds(thresholds)
        scores = np.where(reaches[illegal], np.maximum(scores, TIE), np.minimum(scores, -TIE))
        told = None if given is None else given[illegal]
        chosen = chosen.copy()
        chosen[illegal] = repair(scores, told)
    return chosen


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    from scipy.special import logit

    return logit(np.clip(np.asarray(probabilities, np.float64), SMALLEST, 1 - SMALLEST))

"""Labels from probabilities and thresholds, under rules and evidence."""

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
    evidence: np.ndarray | None,
    repair: Callable[[np.ndarray, np.ndarray | None], np.ndarray],
) -> np.ndarray:
    """Argmax over legal y of Σ_i y_i (logit p_i − logit t_i): y_i = p_i >= t_i where that is legal.

    Args:
        probabilities: (B, L).
        thresholds: (L,).
        rules: Over the L labels.
        evidence: (B, L) 1 yes, 0 no, -1 unknown; or None.
        repair: The legal y of the largest s·y, of scores (n, L) and evidence (n, L) or None.

    Returns:
        (B, L) bool.
    """
    reaches = probabilities >= thresholds
    chosen = reaches if evidence is None else np.where(evidence >= 0, evidence == 1, reaches)
    if not rules:
        return chosen
    illegal = ~rules.legal(chosen)
    if illegal.any():
        scores = _log_odds(probabilities[illegal]) - _log_odds(thresholds)
        scores = np.where(reaches[illegal], np.maximum(scores, TIE), np.minimum(scores, -TIE))
        known = None if evidence is None else evidence[illegal]
        chosen = chosen.copy()
        chosen[illegal] = repair(scores, known)
    return chosen


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    from scipy.special import logit

    return logit(np.clip(np.asarray(probabilities, np.float64), SMALLEST, 1 - SMALLEST))

"""By how much a sampler, which shows rare labels more often, shifts what a loss learns."""

from __future__ import annotations

import numpy as np


def class_shift(labels: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """(C,) float64 ln(π′/π), the shift of the log-probability of each class.

    π is its share of the known rows and π′ of what is shown of them; 0 where either is 0.

    Args:
        labels: (M, C) int8: 1 yes, 0 no, -1 unknown.
        expected: (M,) showings of each row.
    """
    yes = labels == 1
    own, shown = yes.sum(0).astype(np.float64), expected @ yes
    return _log_ratios(own / max(own.sum(), 1.0), shown / max(shown.sum(), 1.0), own > 0)


def label_shift(labels: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """(C,) float64 logit(π′) − logit(π), the shift of the log-odds of each label.

    Shares and arguments are those of `class_shift`; 0 where either share is 0 or 1.
    """
    yes, no = labels == 1, labels == 0
    own = np.stack([yes.sum(0), no.sum(0)]).astype(np.float64)
    is_mixed = np.logical_and(own[0] > 0, own[1] > 0)
    ratios = _log_ratios(own, np.stack([expected @ yes, expected @ no]), is_mixed)
    return ratios[0] - ratios[1]


def _log_ratios(own: np.ndarray, shown: np.ndarray, is_defined: np.ndarray) -> np.ndarray:
    return np.log(np.where(is_defined, shown, 1) / np.where(is_defined, own, 1))

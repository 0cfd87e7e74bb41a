"""Calibrating log-odds that are read together, by couplings or by rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from scipy.optimize import minimize

from polyhead.field import PairwiseField, pseudo_log_likelihood
from polyhead.metrics import Calibration, choose_calibration

Form = Literal["none", "temperature", "pooled"]

FORMS: tuple[Form, ...] = ("none", "temperature", "pooled")
NUM_FOLDS = 5
MAX_CELLS = 2**18  # two numbers are fitted: more would only take longer
BOUNDS = ((-5.0, 5.0), (-10.0, 10.0))  # of log-scale and shift

Fit = Callable[[Form, np.ndarray], tuple[float, float]]


def explained(field: PairwiseField, log_odds: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(N,) log-likelihood of the known labels; the pseudo one where log Z is too dear."""
    if field.is_exact:
        return field.log_likelihood(log_odds, targets)
    return field.pseudo_log_likelihood(log_odds, targets)


def calibrate_field(field: PairwiseField, log_odds: np.ndarray, targets: np.ndarray) -> Calibration:
    """The scale and shift of its log-odds by which a field explains held-out pictures best.

    Labels that couplings or rules join share one scale and shift, for none of them can be judged
    by itself. Tried from simple to rich: none, temperature, scale and shift, each fitted by
    pseudo-likelihood; a richer form is taken only where it gains more held-out log-likelihood,
    over 5 folds of pictures, than the standard error of its gain. The other labels are calibrated
    as those of any tags task.

    Args:
        field: Of these pictures, where it differs from picture to picture.
        log_odds: (N, L) its unaries, of pictures that it was not trained on.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
    """
    alone = field.alone
    own = choose_calibration(log_odds[:, alone], targets[:, alone], True)
    joined = targets.copy()
    joined[:, alone] = -1
    form, scale, shift = _choose(field, log_odds, joined)
    scales, shifts = np.full(len(field.means), scale), np.full(len(field.means), shift)
    scales[alone], shifts[alone] = own.scale, own.shift
    whole = own.form if len(alone) == len(scales) else form
    return Calibration(scales, shifts, (targets >= 0).sum(0), whole)


def _choose(
    field: PairwiseField, log_odds: np.ndarray, targets: np.ndarray
) -> tuple[Form, float, float]:
    """Form, scale and shift."""
    if not (targets >= 0).any():
        return "none", 1.0, 0.0
    fit = _fitting(field, log_odds, targets)
    best, reached = FORMS[0], explained(field, log_odds, targets)
    for form in FORMS[1:]:
        scale, shift = _cross_fitted(fit, form, len(targets))
        found = explained(field, scale * log_odds + shift, targets)
        gains = found - reached
        if gains.sum() > np.sqrt(len(gains)) * gains.std():
            best, reached = form, found
    return best, *fit(best, np.arange(len(targets)))


def _cross_fitted(fit: Fit, form: Form, num_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """(N, 1) scale and (N, 1) shift for each picture, by fits that have not seen it."""
    folds = np.random.default_rng(0).permutation(num_rows) % NUM_FOLDS
    fits = [fit(form, np.flatnonzero(folds != fold)) for fold in range(NUM_FOLDS)]
    scale, shift = np.array(fits)[folds].T[..., None]
    return scale, shift


def _fitting(field: PairwiseField, log_odds: np.ndarray, targets: np.ndarray) -> Fit:
    """The most probable scale and shift on some rows.

    ln scale and shift have a standard normal prior, which weighs less than a few pictures and
    keeps both finite where every answer is right.
    """
    pull = field.pull(targets)

    def fit(form: Form, rows: np.ndarray) -> tuple[float, float]:
        if form == "none":
            return 1.0, 0.0
        rows = rows[:: 1 + len(rows) * targets.shape[1] // MAX_CELLS]
        unaries, others, known = log_odds[rows].astype(np.float64), pull[rows], targets[rows]

        def loss(theta: Sequence[float]) -> float:
            scale, shift = _unpacked(theta)
            conditionals = scale * unaries + shift + others
            likelihood = pseudo_log_likelihood(conditionals, known, field.rules).sum()
            return float(np.square(theta).sum() / 2 - likelihood) / max(len(rows), 1)

        num = 1 if form == "temperature" else 2
        return _unpacked(minimize(loss, np.zeros(num), method="L-BFGS-B", bounds=BOUNDS[:num]).x)

    return fit


def _unpacked(theta: Sequence[float]) -> tuple[float, float]:
    return float(np.exp(theta[0])), float(theta[1]) if len(theta) > 1 else 0.0

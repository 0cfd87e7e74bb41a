"""Calibration of log-odds that couplings or rules join."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from polyhead.field import PairwiseField
from polyhead.metrics import Calibration, choose_calibration

Form = Literal["none", "temperature", "pooled"]

FORMS: tuple[Form, ...] = ("none", "temperature", "pooled")
NUM_FOLDS = 5
# Two numbers fitted to n images lose 1/n nats an image: more would only take longer.
MAX_CELLS, MAX_TERMS = 2**18, 2**22
MAX_SETS = 2**14  # beyond, unknown labels are summed out one at a time
TOLERANCE = 1e-7
BOUNDS = ((-5.0, 5.0), (-10.0, 10.0))  # of log-scale and shift

Explain = Callable[[PairwiseField, np.ndarray, np.ndarray], np.ndarray]
Likelihood = Callable[[float, float], float]
Fit = Callable[[Form, np.ndarray], tuple[float, float]]


def explained(field: PairwiseField, log_odds: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(N,) log-likelihood of the known labels; the pseudo one where log Z is too costly."""
    if field.is_exact:
        return field.log_likelihood(log_odds, targets)
    return field.pseudo_log_likelihood(log_odds, targets)


def calibrate_field(field: PairwiseField, log_odds: np.ndarray, targets: np.ndarray) -> Calibration:
    """The scale and shift of its log-odds by which a field explains held-out images best.

    Labels that couplings or rules join share one scale and shift, for none of them can be judged
    by itself. Tried from simple to rich: none, temperature, scale and shift, each fitted by
    pseudo-likelihood, unknown labels summed out; a richer form is taken only where it gains more
    held-out log-likelihood, over 5 folds of images, than the standard error of its gain. The
    other labels are calibrated as those of any tags task.

    Args:
        field: Of these images, where it differs from image to image.
        log_odds: (N, L) its unaries, of images that it was not trained on.
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
    """(N, 1) scale and (N, 1) shift for each image, by fits that have not seen it."""
    folds = np.random.default_rng(0).permutation(num_rows) % NUM_FOLDS
    fits = [fit(form, np.flatnonzero(folds != fold)) for fold in range(NUM_FOLDS)]
    scale, shift = np.array(fits)[folds].T[..., None]
    return scale, shift


def _fitting(field: PairwiseField, log_odds: np.ndarray, targets: np.ndarray) -> Fit:
    """The most probable scale and shift on some rows.

    ln scale and shift have a standard normal prior, which weighs less than a few images and
    keeps both finite where every answer is right.
    """
    from scipy.optimize import minimize

    def fit(form: Form, rows: np.ndarray) -> tuple[float, float]:
        if form == "none":
            return 1.0, 0.0
        fewer, likelihoods = _likelihoods(field, log_odds, targets, rows)

        def loss(theta: Sequence[float]) -> float:
            total = sum(likelihood(*_unpacked(theta)) for likelihood in likelihoods)
            return (float(np.square(theta).sum()) / 2 - total) / max(fewer, 1)

        num = 1 if form == "temperature" else 2
        bounds, options = BOUNDS[:num], {"ftol": TOLERANCE}
        found = minimize(loss, np.zeros(num), method="L-BFGS-B", bounds=bounds, options=options)
        return _unpacked(found.x)

    return fit


def _likelihoods(
    field: PairwiseField, log_odds: np.ndarray, targets: np.ndarray, rows: np.ndarray
) -> tuple[int, list[Likelihood]]:
    """Log-likelihoods by scale and shift, as the field is learnt, and of how many rows.

    Pseudo-likelihood of rows whose joined labels are all known. Of others unknown labels are summed
    out: exactly while legal sets are few, else one at a time.
    """
    joined = np.setdiff1d(np.arange(targets.shape[1]), field.alone)
    is_exact, size = bool(field.num_sets <= MAX_SETS), targets.shape[1]
    is_part = np.any(targets[np.ix_(rows, joined)] < 0, axis=1)
    terms = np.count_nonzero(is_part) * (field.num_sets if is_exact else size**2)
    step = 1 + int(max(len(rows) * size // MAX_CELLS, terms // MAX_TERMS))
    rows, is_summed = rows[::step], is_exact & is_part[::step]

    def of(chosen: np.ndarray, explain: Explain) -> Likelihood:
        unaries, known = log_odds[chosen].astype(np.float64), targets[chosen]
        bound = field if field.gates is None else field.of_images(field.gates[chosen])
        return lambda scale, shift: float(explain(bound, scale * unaries + shift, known).sum())

    parts: list[tuple[np.ndarray, Explain]] = [
        (rows[~is_summed], PairwiseField.pseudo_log_likelihood),
        (rows[is_summed], PairwiseField.log_likelihood),
    ]
    return len(rows), [of(*part) for part in parts if len(part[0])]


def _unpacked(theta: Sequence[float]) -> tuple[float, float]:
    return float(np.exp(theta[0])), float(theta[1]) if len(theta) > 1 else 0.0

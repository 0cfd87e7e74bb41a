"""Fitting calibrated probabilities σ(scale · log-odds + shift) of a tags task on validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from polyhead.metrics.calibration.label_scores import MOST, LabelScores
from polyhead.metrics.calibration.platt import label_prior, pooled_fit, shrunk_fits
from polyhead.metrics.known_cells import known_cells, known_rows, row_blocks

CalibrationForm = Literal["none", "temperature", "pooled", "affine"]

NUM_FOLDS = 5


@dataclass(frozen=True)
class Calibration:
    """Calibrated log-odds = scale · log-odds + shift; the order of scores within a label stays.

    Attributes:
        scale: (L,) float64, above 0.
        shift: (L,) float64.
        num_known: (L,) int64, known cells that it was fitted on.
        form: `none`, `temperature` (one scale), `pooled` (one scale and shift) or `affine` (a scale
            and shift each).
        held_out: Cross-fitted log loss in nats a cell of each form that was tried.
    """

    scale: np.ndarray
    shift: np.ndarray
    num_known: np.ndarray
    form: CalibrationForm
    held_out: Mapping[str, float] = field(default_factory=dict)

    def log_odds(self, log_odds: np.ndarray) -> np.ndarray:
        """(N, L) calibrated log-odds."""
        return self.scale * log_odds + self.shift


def fit_calibration(
    log_odds: np.ndarray, targets: np.ndarray, *, form: CalibrationForm
) -> Calibration:
    """Minimise the log loss of known cells over the scale and shift of a form.

    `affine` is Platt's scaling of each label, shrunk toward the pooled one by empirical Bayes:
    labels' log-scales and levels vary about it normally, with variances estimated from the labels
    themselves (see `label_prior`). A label without a known yes or a known no gets the pooled fit.

    Args:
        log_odds: (N, L) of images that the model was not trained on.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        form: What is fitted.

    Raises:
        ValueError: Shapes or values do not fit.
        DivergedError: The score of a known cell is NaN.
    """
    known = known_cells(log_odds, targets)
    scale, shift = _fit(LabelScores.of(log_odds, targets), form)
    return Calibration(scale, shift, known.sum(axis=0), form)


def choose_calibration(log_odds: np.ndarray, targets: np.ndarray, has_link: bool) -> Calibration:
    """Fit the form whose held-out log loss is best, over 5 folds of images.

    Tried from simple to rich: none, temperature, affine; or, for scores whose loss has no inverse
    link, pooled and affine. A richer form is taken only where it gains more than the standard
    error of its gain over images, so that noise on a small validation set changes nothing.

    Args:
        log_odds: (N, L) of images that the model was not trained on.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        has_link: Whether the log-odds mean probabilities already, up to over-fitting.

    Raises:
        ValueError: Shapes or values do not fit.
        DivergedError: The score of a known cell is NaN.
    """
    known = known_cells(log_odds, targets)
    forms: tuple[CalibrationForm, ...] = (
        ("none", "temperature", "affine") if has_link else ("pooled", "affine")
    )
    losses = _held_out_losses(log_odds, targets, forms)
    best = forms[0]
    for form in forms[1:]:
        gains = losses[best] - losses[form]
        if len(gains) and gains.sum() > np.sqrt(len(gains)) * gains.std():
            best = form
    scale, shift = _fit(LabelScores.of(log_odds, targets), best)
    held_out = {form: float(loss.sum() / max(known.sum(), 1)) for form, loss in losses.items()}
    return Calibration(scale, shift, known.sum(axis=0), best, held_out)


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """The T of softmax(logits / T) with the least log loss of a class task.

    ln T has a standard normal prior, which weighs less than a few images and keeps T finite where
    every answer is right.

    Source: Guo, Pleiss, Sun, Weinberger, *On calibration of modern neural networks*, 2017.

    Args:
        logits: (N, K) of images that the model was not trained on.
        targets: (N,) index of the true class, -1 unknown.

    Returns:
        T > 0; 1 where nothing is known.

    Raises:
        ValueError: Shapes or values do not fit.
        DivergedError: A logit of a known row is NaN.
    """
    from scipy.optimize import fminbound

    known = known_rows(logits, targets)
    rows, true = logits[known].astype(np.float64), targets[known]
    margins = rows - rows[np.arange(len(rows)), true][:, None]  # 0 for the true class

    def loss(log_temperature: float) -> float:
        losses = np.logaddexp.reduce(margins / np.exp(log_temperature), axis=1)
        return float(losses.sum() + log_temperature**2 / 2)

    return float(np.exp(fminbound(loss, -7, 7)))


def _fit(labels: LabelScores, form: CalibrationForm) -> tuple[np.ndarray, np.ndarray]:
    num_labels = len(labels.yes)
    if form == "none":
        return np.ones(num_labels), np.zeros(num_labels)
    if form == "affine":
        return shrunk_fits(labels, label_prior(labels))
    scale, shift = pooled_fit(labels, with_shift=form == "pooled")
    return np.full(num_labels, scale), np.full(num_labels, shift)


def _held_out_losses(
    log_odds: np.ndarray, targets: np.ndarray, forms: Sequence[CalibrationForm]
) -> dict[CalibrationForm, np.ndarray]:
    """(N,) log loss of each image's known cells, summed, by fits that have not seen the image."""
    folds = np.random.default_rng(0).permutation(len(targets)) % NUM_FOLDS
    losses: dict[CalibrationForm, np.ndarray] = {f: np.zeros(len(targets)) for f in forms}
    for fold in range(NUM_FOLDS):
        held = folds == fold
        labels = LabelScores.of(log_odds[~held], targets[~held])
        for form in forms:
            found = _image_losses(log_odds[held], targets[held], *_fit(labels, form))
            losses[form][held] = found
    return losses


def _image_losses(
    log_odds: np.ndarray, targets: np.ndarray, scale: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """(N,) log loss of each image's known cells, summed."""
    sums = np.zeros(len(targets))
    for rows in row_blocks(targets.shape):
        known = targets[rows] >= 0
        found = np.where(known, np.clip(log_odds[rows], -MOST, MOST), 0) * scale + shift
        signed = np.where(targets[rows] == 1, -found, found)
        # As logaddexp(0, z), which takes twice as long.
        losses = np.maximum(signed, 0) + np.log1p(np.exp(-np.abs(signed)))
        sums[rows] = np.where(known, losses, 0).sum(axis=1)
    return sums

"""Probabilities of every label of every image, from linear probes that never saw that image."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

NUM_FOLDS = 5
STRENGTHS = (0.003, 0.03, 0.3)  # of the squared weights, at features of unit variance
MAX_STEPS = 60


def cross_fitted_probabilities(
    features: np.ndarray, targets: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """P(label | features) of each image by logistic regression on the other folds.

    Per label the mean of BCE over known cells, plus λ/2 ‖w‖²; all labels at once by L-BFGS. λ is
    the one of `STRENGTHS` with the least log loss on the first fold. Logistic regression rather
    than ridge: its answers are probabilities, and unknown cells drop out label by label.

    Args:
        features: (N, D) float32.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        groups: (N,) images of one number stay in one fold, so that a near-duplicate does not
            vouch for its twin's label; not so where there are fewer groups than folds.

    Returns:
        (N, L) float32, unknown cells included.
    """
    folds = _folds(groups)
    # float64: at the optimum of a separable label the gains drop below float32's resolution.
    x = torch.from_numpy(features.astype(np.float64))
    y = torch.from_numpy(targets.astype(np.float64))
    losses = [_held_out_loss(x, y, folds == 0, strength) for strength in STRENGTHS]
    strength = STRENGTHS[int(np.argmin(losses))]
    found = np.empty(targets.shape, np.float32)
    for fold in range(NUM_FOLDS):
        held_out = folds == fold
        if held_out.any():
            logits = _fitted_logits(x, y, held_out, strength)
            found[held_out] = torch.sigmoid(logits).numpy()
    return found


def _folds(groups: np.ndarray) -> np.ndarray:
    units, unit_of = np.unique(groups, return_inverse=True)
    if len(units) < NUM_FOLDS:
        units = unit_of = np.arange(len(groups))
    return (np.random.default_rng(0).permutation(len(units)) % NUM_FOLDS)[unit_of]


def _held_out_loss(x: Tensor, y: Tensor, held_out: np.ndarray, strength: float) -> float:
    truth = y[held_out]
    return float(_mean_bce(_fitted_logits(x, y, held_out, strength), truth).sum())


def _fitted_logits(x: Tensor, y: Tensor, held_out: np.ndarray, strength: float) -> Tensor:
    """(B, L) of the held-out images, by a probe fitted on the rest."""
    seen, truth = x[~held_out], y[~held_out]
    mean, deviation = seen.mean(0), seen.std(0, correction=0).clamp_min(1e-6)
    seen = (seen - mean) / deviation
    weight = torch.zeros(x.shape[1], y.shape[1], dtype=x.dtype, requires_grad=True)
    bias = _prior_logits(truth).requires_grad_()
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=MAX_STEPS, line_search_fn="strong_wolfe", tolerance_change=1e-7
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = _mean_bce(seen @ weight + bias, truth).sum() + strength / 2 * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        return (x[held_out] - mean) / deviation @ weight + bias


def _mean_bce(logits: Tensor, targets: Tensor) -> Tensor:
    """(L,) mean over the known cells; 0 for a label without any."""
    known = targets >= 0
    cells = torch.where(known, softplus(logits) - targets * logits, 0.0)
    return cells.sum(0) / known.sum(0).clamp_min(1)


def _prior_logits(targets: Tensor) -> Tensor:
    """(L,) log-odds of each label among its known cells, one half added to both counts."""
    return torch.log((targets == 1).sum(0) + 0.5) - torch.log((targets == 0).sum(0) + 0.5)

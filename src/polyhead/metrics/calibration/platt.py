"""Newton fits of P(yes) = σ(scale · s + shift): one for all labels, or one each, shrunk."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from polyhead.metrics.calibration.label_scores import LabelScores
from polyhead.metrics.calibration.newton import Normals, log_odds_information, newton

# Bounds of the standard deviations of labels about the pooled fit, in log-scale and level.
NARROWEST, WIDEST = 0.01, 3.0
NUM_ROUNDS, START = 8, 0.5


@dataclass(frozen=True)
class LabelPrior:
    """How the labels of a task vary about one scale and shift.

    Attributes:
        scale: Pooled.
        shift: Pooled.
        spread: (2,) standard deviations of labels, in log-scale and in level.
    """

    scale: float
    shift: float
    spread: np.ndarray


@dataclass(frozen=True)
class Centred:
    """Labels' scores about their middles m, so that log-odds are e^α (s − m) + c.

    m is the mean score weighted by the information of the pooled fit: it makes slope and level
    all but independent.

    Attributes:
        labels: M of them, scores less m.
        middles: (M,) m.
        centres: (M, 2) α and c of the pooled fit.
    """

    labels: LabelScores
    middles: np.ndarray
    centres: np.ndarray

    @classmethod
    def of(cls, labels: LabelScores, prior: LabelPrior) -> Centred:
        """Each label about its middle."""
        fisher = log_odds_information(prior.scale * labels.scores + prior.shift) + 1e-12
        weights = fisher * labels.counts
        middles = (weights * labels.scores).sum(axis=1) / weights.sum(axis=1)
        levels = prior.scale * middles + prior.shift
        centres = np.stack([np.full_like(levels, np.log(prior.scale)), levels], axis=1)
        return cls(labels.less(middles), middles, centres)

    def fit(self, spread: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The most probable α and c, and the cells' information there; see `newton`."""
        return newton(self.labels, Normals(self.centres, spread), starts)


def pooled_fit(labels: LabelScores, *, with_shift: bool) -> tuple[float, float]:
    """One scale, and one shift, for all labels, on Platt's smoothed targets.

    Args:
        labels: Cells of each.
        with_shift: Whether a shift is fitted, or is 0.

    Returns:
        Scale and shift; 1 and 0 where there is no yes or no no.
    """
    cells = labels.pooled
    if not cells.has_both.all():
        return 1.0, 0.0
    flat = Normals(np.zeros((1, 2)), np.full(2, np.inf))
    theta, _ = newton(cells.smoothed, flat, np.zeros((1, 2)), with_level=with_shift)
    return float(np.exp(theta[0, 0])), float(theta[0, 1])


def label_prior(labels: LabelScores) -> LabelPrior:
    """How labels vary about the pooled fit, by empirical Bayes.

    The variances τ² of log-scale and level maximise the marginal likelihood in Laplace's
    approximation, by MacKay's update τ² = Σ d² / Σ (1 − v / τ²) over the labels that have a yes
    and a no, with d a label's distance from the pooled fit and v the posterior variance of it.

    Args:
        labels: Cells of each.
    """
    scale, shift = pooled_fit(labels, with_shift=True)
    prior = LabelPrior(scale, shift, np.full(2, START))
    has_both = labels.has_both
    if not has_both.any():
        return prior
    centred = Centred.of(labels.of_labels(has_both), prior)
    theta = centred.centres
    for _ in range(NUM_ROUNDS):
        theta, information = centred.fit(prior.spread, theta)
        spread = _spread(theta - centred.centres, information, prior.spread)
        before, prior = prior, replace(prior, spread=spread)
        if np.allclose(prior.spread, before.spread, rtol=0.1):
            break
    return prior


def shrunk_fits(labels: LabelScores, prior: LabelPrior) -> tuple[np.ndarray, np.ndarray]:
    """A scale and a shift for each label, the most probable under a prior.

    Args:
        labels: Cells of each.
        prior: Of all.

    Returns:
        (L,) scales and (L,) shifts; the pooled ones for a label that has not both yes and no.
    """
    has_both = labels.has_both
    scales, shifts = (np.full(len(has_both), value) for value in (prior.scale, prior.shift))
    centred = Centred.of(labels.of_labels(has_both), prior)
    theta, _ = centred.fit(prior.spread, centred.centres)
    scales[has_both] = np.exp(theta[:, 0])
    shifts[has_both] = theta[:, 1] - scales[has_both] * centred.middles
    return scales, shifts


def _spread(distances: np.ndarray, information: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """MacKay's update of the standard deviations of labels about the pooled fit."""
    posterior = np.linalg.inv(information + np.diag(1 / spread**2))
    variances = np.diagonal(posterior, axis1=1, axis2=2)
    determined = np.maximum((1 - variances / spread**2).sum(axis=0), 1e-9)
    return np.clip(np.sqrt((distances**2).sum(axis=0) / determined), NARROWEST, WIDEST)

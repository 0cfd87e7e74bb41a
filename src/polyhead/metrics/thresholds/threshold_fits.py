"""The best cuts of a tags task on several parts of its images, each label sorted once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyhead.metrics.calibration.label_scores import LabelScores
from polyhead.metrics.calibration.platt import label_prior, shrunk_fits
from polyhead.metrics.thresholds.cut_intervals import plausible_cuts
from polyhead.metrics.thresholds.guaranteed_cuts import ALWAYS, guaranteed_cut
from polyhead.metrics.thresholds.threshold_cuts import (
    NEVER,
    best_binary_cut,
    best_example_f1_cut,
    best_ranked_cut,
)
from polyhead.metrics.thresholds.threshold_objective import Sharing, ThresholdObjective

# Positives at which a class's own labels and what is expected of it weigh the same.
SHRINKAGE = 50
UNFITTED = 0.5
# Probabilities nearer to 0 or 1 count as these where log-odds are taken.
EDGE = 1e-7


def log_odds_of(probabilities: np.ndarray) -> np.ndarray:
    """Log-odds in float64, finite: at most about 16 either way."""
    from scipy.special import logit

    return logit(np.clip(probabilities.astype(np.float64), EDGE, 1 - EDGE))


def shared_cut(
    probabilities: np.ndarray, targets: np.ndarray, objective: ThresholdObjective
) -> float:
    """One threshold for all labels; where nothing is a known yes, ½, or what holds regardless.

    Args:
        probabilities: (N, L) float32 in [0, 1].
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        objective: What it is best for.
    """
    if objective.name == "cost":
        return objective.cost_threshold
    if objective.name == "example_f1" and (targets >= 0).any():
        return best_example_f1_cut(probabilities, targets)
    found = probabilities[targets == 1]
    if not len(found):
        return _unseen(objective)
    if objective.is_guarantee:
        pooled = RankedLabel.of(probabilities.ravel(), targets.ravel())
        return guaranteed_cut(pooled.ranked, pooled.is_yes, objective)
    return best_binary_cut(found, probabilities[targets == 0], objective.merit)


@dataclass(frozen=True)
class RankedLabel:
    """The known cells of one label by falling probability.

    Attributes:
        rows: (n,) images.
        ranked: (n,) float32 probabilities.
        log_odds: (n,) float64, theirs.
        is_yes: (n,) bool.
    """

    rows: np.ndarray
    ranked: np.ndarray
    log_odds: np.ndarray
    is_yes: np.ndarray

    @classmethod
    def of(cls, probabilities: np.ndarray, targets: np.ndarray) -> RankedLabel:
        """Of (N,) cells."""
        known = np.flatnonzero(targets >= 0)
        rows = known[np.argsort(-probabilities[known], kind="stable")]
        ranked = probabilities[rows]
        return cls(rows, ranked, log_odds_of(ranked), targets[rows] == 1)

    def within(self, part: np.ndarray) -> RankedLabel:
        """The cells of the images of a mask (N,) bool."""
        # Taking by places is several times faster than by a mask that nothing predicts.
        kept = np.flatnonzero(part[self.rows])
        columns = self.rows, self.ranked, self.log_odds, self.is_yes
        return RankedLabel(*(column[kept] for column in columns))


@dataclass(frozen=True)
class ExpectedOutcomes:
    """The outcomes expected of each label on one part of the images, for `shrunk` thresholds.

    Attributes:
        scale: (L,) of the log-odds calibrated for each label on the part.
        shift: (L,) likewise.
    """

    scale: np.ndarray
    shift: np.ndarray

    def outcomes(self, label: RankedLabel, place: int) -> np.ndarray:
        """(n,) in [0, 1]: w y + (1 − w) q, w = n₊ / (n₊ + 50), of the label at a place."""
        from scipy.special import expit

        num_yes = int(label.is_yes.sum())
        weight = num_yes / (num_yes + SHRINKAGE)
        calibrated = self.scale[place] * label.log_odds + self.shift[place]
        return weight * label.is_yes + (1 - weight) * expit(calibrated)


@dataclass(frozen=True)
class PartFits:
    """Thresholds of each of P parts of the images, the first of which is all of them.

    Attributes:
        shared: (P,) one for all labels.
        values: (P, L) one a label.
        low: (L,) lower end of the interval of `values[0]`; NaN where labels share one.
        high: (L,) upper end.
    """

    shared: np.ndarray
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray


def fit_parts(
    probabilities: np.ndarray,
    targets: np.ndarray,
    parts: np.ndarray,
    objective: ThresholdObjective,
    sharing: Sharing,
) -> PartFits:
    """Fit thresholds on several parts of the images.

    Args:
        probabilities: (N, L) float32 in [0, 1].
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        parts: (P, N) bool, the first one all true.
        objective: What each is best for.
        sharing: How classes share; a class without a positive gets the shared one. What is to hold
            for each label depends on its own outcomes alone unless it is `global`.
    """
    is_global = objective.is_pooled or sharing == "global"
    if objective.is_guarantee and not is_global:
        shared = np.full(len(parts), _unseen(objective))
    else:
        shared = np.array([shared_cut(probabilities[p], targets[p], objective) for p in parts])
    values = np.repeat(shared[:, None], targets.shape[1], axis=1)
    low, high = np.full((2, targets.shape[1]), np.nan)
    if not is_global:
        leans = sharing == "shrunk" and not objective.is_guarantee
        expected = _expected_outcomes(probabilities, targets, parts) if leans else None
        for place in np.flatnonzero((targets == 1).any(axis=0)).tolist():
            label = RankedLabel.of(probabilities[:, place], targets[:, place])
            for number, part in enumerate(parts):
                cells = label.within(part)
                if not cells.is_yes.any():
                    continue
                yes = expected[number].outcomes(cells, place) if expected else cells.is_yes * 1.0
                values[number, place] = _cut(cells, yes, objective)
                if number == 0:
                    low[place], high[place] = plausible_cuts(cells.ranked, yes, objective)
    return PartFits(shared, values, low, high)


def _cut(cells: RankedLabel, yes: np.ndarray, objective: ThresholdObjective) -> float:
    """Of one label, whose outcomes count as (n,) in [0, 1]."""
    if objective.is_guarantee:
        return guaranteed_cut(cells.ranked, cells.is_yes, objective)
    return best_ranked_cut(cells.ranked, yes, objective.merit)


def _unseen(objective: ThresholdObjective) -> float:
    """The threshold without a known yes: nothing wrong, or nothing missed, or ½."""
    if objective.is_guarantee:
        return NEVER if objective.is_precision else ALWAYS
    return UNFITTED


def _expected_outcomes(
    probabilities: np.ndarray, targets: np.ndarray, parts: np.ndarray
) -> list[ExpectedOutcomes]:
    """Of each part, under a prior from all images."""
    cells = [LabelScores.of(log_odds_of(probabilities[p]), targets[p]) for p in parts]
    prior = label_prior(cells[0])
    return [ExpectedOutcomes(*shrunk_fits(labels, prior)) for labels in cells]

"""Intervals of figures that are means over labels, some of which have hardly a positive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyhead.metrics.bootstrap import LEVEL
from polyhead.metrics.confusion_counts import ConfusionCounts

MOST_DRAWS = 2_000_000  # labels × draws
FEW_LABELS = 5  # fewer tell no spread of rates over labels
LEAST_SPREAD, MOST_SPREAD = 1e-3, 0.9  # of the correlation of cells of one label


def label_mean_intervals(
    counts: ConfusionCounts, num_known: np.ndarray, entries: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, float]]:
    """95 % intervals of CF1 and macro-F1 from how such figures err on so few images.

    A label that was never predicted rightly has no spread in any resample, one without a positive
    is left out, and one that is never predicted counts as precision 0: resampling images shows
    neither the noise nor the bias of that. So shares of positives, recalls and false alarms of each
    label are drawn from their posteriors (beta-binomial, the prior from all labels), images are
    drawn at these rates, and the errors e = t(figure) − t(figure of the rates) are collected, where
    t = arcsin √ has them alike for high and low figures. The interval is [t(value) − e₉₇.₅,
    t(value) − e₂.₅], the spread of e about its median enlarged where labels that go together spread
    resampled images farther than independent labels would. It is stretched to hold the value.

    Source: Carlin and Gelfand, *Approaches for empirical Bayes confidence intervals*, 1990.

    Args:
        counts: Of L labels, (L,) each.
        num_known: (L,) known cells.
        entries: `value`, `low` and `high` from resampling images, by the names of the figures.

    Returns:
        `low` and `high` of those that have an interval.
    """
    generator = np.random.default_rng(0)
    known, positives = num_known.astype(np.int64), counts.positives.astype(np.int64)
    hits, alarms = (
        found.astype(np.int64) for found in (counts.true_positives, counts.false_positives)
    )
    seen = ((positives, known), (hits, positives), (alarms, known - positives))
    size = int(np.clip(MOST_DRAWS // max(len(known), 1), 200, 1000))
    plain = [np.broadcast_to(yes / np.maximum(num, 1), (size, len(known))) for yes, num in seen]
    rates = [_posterior(generator, yes, num, size) for yes, num in seen]
    apart, found = _drawn(generator, known, plain), _drawn(generator, known, rates)
    truth = _true_figures(*rates)
    return {
        name: _interval(entries[name], _even(found[name]) - _even(truth[name]), apart[name])
        for name in truth
        if entries[name]["low"] is not None
    }


def _interval(entry: Mapping[str, Any], error: np.ndarray, apart: np.ndarray) -> dict[str, float]:
    """From the errors, and how far images and independent labels spread."""
    levels = [(1 + LEVEL) / 2, (1 - LEVEL) / 2]
    spread = -float(np.diff(np.nanquantile(apart, levels))[0])
    wider = max((entry["high"] - entry["low"]) / spread, 1.0) if spread > 0 else 1.0
    value, middle = entry["value"], np.nanmedian(error)
    ends = _even(np.array(value)) - middle - (np.nanquantile(error, levels) - middle) * wider
    low, high = np.square(np.sin(np.clip(ends, 0, np.pi / 2))).tolist()
    return {"low": min(low, value), "high": max(high, value)}


def _even(figures: np.ndarray) -> np.ndarray:
    """Arcsin √, under which shares of n spread alike, whatever they are."""
    return np.arcsin(np.sqrt(figures))


def _posterior(
    generator: np.random.Generator, yes: np.ndarray, num: np.ndarray, size: int
) -> np.ndarray:
    """(size, L) rates of which `yes` of `num` were seen, under a beta prior that fits all labels.

    Its mean is the pooled share, its spread by moments. Source: Kleinman, *Proportions with
    extraneous variance*, 1973.
    """
    seen, total = num > 0, max(int(num.sum()), 1)
    mean = (yes.sum() + 0.5) / (total + 1)
    prior = np.array([0.5, 0.5])
    if seen.sum() >= FEW_LABELS:
        shares, degrees = yes[seen] / num[seen], seen.sum() - 1
        excess = (num[seen] * (shares - mean) ** 2).sum() / (mean * (1 - mean)) - degrees
        room = total - (num.astype(np.float64) ** 2).sum() / total - degrees
        spread = np.clip(excess / room if room > 0 else 0, LEAST_SPREAD, MOST_SPREAD)
        prior = np.array([mean, 1 - mean]) * (1 - spread) / spread
    return generator.beta(prior[0] + yes, prior[1] + num - yes, (size, len(yes)))


def _drawn(
    generator: np.random.Generator, known: np.ndarray, rates: Sequence[np.ndarray]
) -> dict[str, np.ndarray]:
    """(S,) figures of images drawn at (S, L) shares of positives, recalls and false alarms."""
    share, recall, alarm = rates
    positives = generator.binomial(known, share)
    hits = generator.binomial(positives, recall)
    alarms = generator.binomial(known - positives, alarm)
    return _figures(hits, alarms, positives - hits)


def _true_figures(
    share: np.ndarray, recall: np.ndarray, alarm: np.ndarray
) -> dict[str, np.ndarray]:
    """(S,) figures of (S, L) rates: those of images without end."""
    hits = share * recall
    return _figures(hits, (1 - share) * alarm, share - hits)


def _figures(hits: np.ndarray, alarms: np.ndarray, missed: np.ndarray) -> dict[str, np.ndarray]:
    counts = ConfusionCounts(hits.T.astype(float), alarms.T.astype(float), missed.T.astype(float))
    return {"CF1": counts.cf1, "macro_F1": counts.macro_f1}

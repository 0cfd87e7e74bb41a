"""Figures of a tags task from scores of any source, in the shape of `evaluation.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from polyhead.metrics.confusion_counts import ConfusionCounts, f1_of_means
from polyhead.metrics.entries import class_entries, label_figures, metric_entries, value_entries
from polyhead.metrics.ratios import mean_defined, ratio
from polyhead.metrics.tags.average_precision import Ranking
from polyhead.metrics.tags.label_mean_intervals import label_mean_intervals
from polyhead.metrics.tags.protocols import choose_protocol, mean_average_precision_under
from polyhead.metrics.tags.scored_tags import ScoredTags

TOP = 3  # labels an image in the figures of "top 3", as papers have them


def tags_entry(scored: ScoredTags, *, intervals: bool = False) -> dict[str, Any]:
    """The part of a tags task in `evaluation.json`, what is undefined None.

    Args:
        scored: Scores and targets.
        intervals: Whether to add 95 % intervals over images.
    """
    targets, ranking = scored.targets, Ranking(scored.scores, scored.targets)
    once = np.ones(len(targets))
    num_positive, num_known = (found.astype(np.int64) for found in scored.occurrence(once))
    figures = partial(_figures, scored, ranking)
    unresampled: dict[str, np.ndarray] = {}
    columns: dict[str, np.ndarray] = {"AP": ranking.average_precision(once)}
    if scored.has_answers:
        columns |= label_figures(scored.counts(once))
    columns |= {"num_positive": num_positive, "num_known": num_known}
    if scored.thresholds is not None:
        unresampled = {"ECE": scored.bins.calibration_error}
        columns |= scored.bins.by_label()
        columns["threshold"] = scored.thresholds
    metrics = metric_entries(figures, targets.shape, intervals, _shares(scored))
    if intervals and scored.has_answers:
        ends = label_mean_intervals(scored.counts(once), num_known, metrics)
        metrics = {name: entry | ends.get(name, {}) for name, entry in metrics.items()}
    return {
        "num_images": len(targets),
        "num_known": int(num_known.sum()),
        "num_classes": len(scored.classes),
        "num_classes_evaluated": int((num_positive > 0).sum()),
        "metrics": {**metrics, **value_entries(unresampled)},
        "per_class": class_entries(scored.classes, columns),
        **_reliability(scored),
    }


def protocol_entry(name: str, scored: ScoredTags) -> dict[str, Any]:
    """Every figure of a tags task under a named protocol, without intervals.

    The protocol decides what AP is, what a label without a positive counts in means over labels,
    and what an unknown cell counts as, in all figures.

    Args:
        name: One of `PROTOCOLS`.
        scored: Scores and targets.

    Raises:
        ConfigError: There is no such protocol; names the nearest.
    """
    protocol = choose_protocol(name)
    judged = replace(scored, targets=protocol.judged(scored.targets))
    areas = mean_average_precision_under(protocol, judged.scores, judged.targets)
    weights = np.ones(len(judged.targets))
    figures = {
        "mAP": np.array(areas.value),
        **_prediction_figures(judged, weights, protocol.empty),
        **_named(judged.top_counts(weights, TOP), protocol.empty, f"_top{TOP}"),
        **_ranking_figures(judged, weights),
    }
    return {
        "name": name,
        "departs": protocol.departs,
        "num_classes_evaluated": areas.num_evaluated,
        "metrics": value_entries(figures),
        "per_class": class_entries(scored.classes, {"AP": areas.per_class}),
    }


def _figures(scored: ScoredTags, ranking: Ranking, weights: np.ndarray) -> dict[str, np.ndarray]:
    positives, known = scored.occurrence(weights)
    share = np.where(positives > 0, ratio(positives, known), np.nan)
    found = {
        "mAP": mean_defined(ranking.average_precision(weights)),
        "mAP_chance": mean_defined(share),
        **_prediction_figures(scored, weights, np.nan),
        **_ranking_figures(scored, weights),
    }
    if scored.thresholds is not None:
        num_known = scored.num_known @ weights
        found["Brier"] = ratio(scored.squares @ weights, num_known)
        found["log_loss"] = ratio(scored.log_losses @ weights, num_known)
    return found


def _reliability(scored: ScoredTags) -> dict[str, Any]:
    """No figures, for scores that only rank."""
    if scored.thresholds is None:
        return {}
    return {"reliability": scored.bins.pooled.entries()}


def _prediction_figures(
    scored: ScoredTags, weights: np.ndarray, empty: float
) -> Mapping[str, np.ndarray]:
    """Figures of the predicted labels; none where no labels are predicted."""
    if not scored.has_answers:
        return {}
    return {
        **_named(scored.counts(weights), empty, ""),
        "subset_accuracy": scored.agreement.subset_accuracy(weights),
        "hamming": scored.agreement.hamming_error(weights),
        "example_F1": scored.agreement.example_f1(weights),
    }


def _shares(scored: ScoredTags) -> dict[str, tuple[int, int]]:
    """How many images have every known label right, of those that have one."""
    if not scored.has_answers:
        return {}
    agreement = scored.agreement
    judged = agreement.num_known > 0
    right = judged & (agreement.num_wrong == 0)
    return {"subset_accuracy": (int(right.sum()), int(judged.sum()))}


def _named(counts: ConfusionCounts, empty: float, suffix: str) -> dict[str, np.ndarray]:
    """The F1 family; labels without a positive are left out of means, or count as `empty`."""
    precision, recall, f1 = (
        np.where(counts.positives > 0, values, empty)
        for values in (counts.precision, counts.recall, counts.f1)
    )
    return {
        f"CF1{suffix}": f1_of_means(precision, recall),
        f"macro_F1{suffix}": mean_defined(f1),
        f"OF1{suffix}": counts.of1,
    }


def _ranking_figures(scored: ScoredTags, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Means over the images that have a known label."""
    ranked = scored.ranked
    judged = ~np.isnan(ranked.lrap)

    def mean(values: np.ndarray) -> np.ndarray:
        return ratio(np.where(judged, values, 0.0) @ weights, judged.astype(np.float64) @ weights)

    return {
        "LRAP": mean(ranked.lrap),
        "coverage": mean(ranked.coverage),
        "ranking_loss": mean(ranked.ranking_loss),
    }

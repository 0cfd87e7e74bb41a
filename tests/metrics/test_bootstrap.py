import numpy as np
import pytest
from partial_labels import random_tags
from scipy.stats import norm

from polyhead.metrics import Ranking, average_precision, bootstrap_rows, bootstrap_weights
from polyhead.metrics import bootstrap as bootstrap_module
from polyhead.metrics.bootstrap import affordable_samples, percentile_interval


def weighted_mean(values):
    return lambda weights: {"mean": values @ weights / weights.sum(axis=0)}


def test_interval_of_a_mean_is_the_normal_one():
    values = np.random.default_rng(0).normal(size=2000)
    found = bootstrap_weights(weighted_mean(values), len(values))["mean"]
    half = norm.ppf(0.975) * values.std() / np.sqrt(len(values))
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_intervals_cover_the_truth_as_often_as_they_say():
    generator = np.random.default_rng(1)
    hits = 0
    for seed in range(300):
        values = generator.exponential(size=100)
        found = bootstrap_weights(weighted_mean(values), 100, num_samples=200, seed=seed)["mean"]
        hits += found.low <= 1.0 <= found.high
    assert 0.88 <= hits / 300 <= 0.98


def test_weights_and_rows_draw_the_same_resamples():
    scores, targets = random_tags(5)
    ranking = Ranking(scores, targets)
    weighted = bootstrap_weights(
        lambda weights: {"mAP": ranking.average_precision(weights).mean(axis=0)},
        len(scores),
        num_samples=50,
    )["mAP"]
    by_rows = bootstrap_rows(
        lambda rows: average_precision(scores[rows], targets[rows]).mean(),
        len(scores),
        num_samples=50,
    )
    assert (weighted.low, weighted.high) == pytest.approx((by_rows.low, by_rows.high), abs=1e-12)


def test_chunks_and_seed_decide_as_they_should(monkeypatch):
    values = np.arange(30.0)
    whole = bootstrap_weights(weighted_mean(values), 30, num_samples=100)
    monkeypatch.setattr(bootstrap_module, "CELLS_AT_ONCE", 90)
    assert bootstrap_weights(weighted_mean(values), 30, num_samples=100) == whole
    assert bootstrap_weights(weighted_mean(values), 30, num_samples=100, seed=1) != whole


def test_resamples_where_the_figure_is_undefined_are_left_out():
    found = percentile_interval(np.array([np.nan, 1.0, 2.0, 3.0]), level=1.0)
    assert (found.low, found.high) == (1.0, 3.0)
    assert np.isnan(percentile_interval(np.array([np.nan])).low)


def test_samples_follow_the_cost():
    assert [affordable_samples(n) for n in (0, 200_000, 500_000, 10**8)] == [1000, 1000, 400, 200]

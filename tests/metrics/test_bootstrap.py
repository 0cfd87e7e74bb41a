import numpy as np
import pytest
from partial_labels import random_tags
from scipy.stats import norm

from polyhead.metrics import Ranking, average_precision, bootstrap_weights
from polyhead.metrics import bootstrap as bootstrap_module
from polyhead.metrics.bootstrap import (
    affordable_samples,
    bias_corrected_interval,
    proportion_interval,
)


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


def test_weights_say_what_rows_drawn_again_and_again_say():
    scores, targets = random_tags(5)
    ranking = Ranking(scores, targets)
    weighted = bootstrap_weights(
        lambda weights: {"mAP": ranking.average_precision(weights).mean(axis=0)},
        len(scores),
        num_samples=50,
    )["mAP"]
    generator = np.random.default_rng(0)
    draws = [generator.integers(len(scores), size=len(scores)) for _ in range(50)]
    figures = [average_precision(scores[rows], targets[rows]).mean() for rows in draws]
    value = average_precision(scores, targets).mean()
    by_rows = bias_corrected_interval(float(value), np.array(figures))
    assert (weighted.low, weighted.high) == pytest.approx((by_rows.low, by_rows.high), abs=1e-12)


def test_chunks_and_seed_decide_as_they_should(monkeypatch):
    values = np.arange(30.0)
    whole = bootstrap_weights(weighted_mean(values), 30, num_samples=100)
    monkeypatch.setattr(bootstrap_module, "CELLS_AT_ONCE", 90)
    assert bootstrap_weights(weighted_mean(values), 30, num_samples=100) == whole
    assert bootstrap_weights(weighted_mean(values), 30, num_samples=100, seed=1) != whole


def test_resamples_where_the_figure_is_undefined_are_left_out():
    found = bias_corrected_interval(2.0, np.array([np.nan, 1.0, 2.0, 3.0]))
    assert (found.low, found.high) == pytest.approx((1.05, 2.95))
    assert np.isnan(bias_corrected_interval(2.0, np.array([np.nan])).low)


def test_normal_resamples_give_efrons_bias_corrected_percentiles():
    resampled = np.random.default_rng(0).normal(0.5, 1, 200_000)
    found = bias_corrected_interval(0.0, resampled)
    bias = norm.ppf((resampled < 0).mean())
    expected = np.quantile(resampled, norm.cdf(2 * bias + np.array([-1.96, 1.96])))
    assert (found.low, found.high) == pytest.approx(expected, abs=0.05)


def test_resamples_that_all_agree_give_no_interval():
    scores, targets = np.array([[0.9], [0.8], [0.2]]), np.array([[1], [1], [0]])
    ranking = Ranking(scores, targets)
    found = bootstrap_weights(lambda weights: {"mAP": ranking.average_precision(weights)[0]}, 3)
    assert np.isnan([found["mAP"].low, found["mAP"].high]).all()


def rare_labels(num_images, num_labels, generator):
    prevalence = np.linspace(0.01, 0.3, num_labels)
    targets = (generator.random((num_images, num_labels)) < prevalence).astype(np.int8)
    return generator.normal(size=targets.shape) + 1.5 * targets, targets


def mean_precision(ranking):
    return lambda weights: {"mAP": np.nanmean(ranking.average_precision(weights), axis=0)}


def test_precision_of_rare_labels_lies_inside_its_interval():
    generator = np.random.default_rng(0)
    for seed in range(5):
        ranking = Ranking(*rare_labels(19, 100, generator))
        value = mean_precision(ranking)(np.ones(19))["mAP"]
        found = bootstrap_weights(mean_precision(ranking), 19, num_samples=100, seed=seed)["mAP"]
        assert found.low <= value <= found.high


def test_intervals_of_rare_labels_cover_what_many_images_show():
    """38 of 40; the plain percentile interval does so 15 times."""
    generator = np.random.default_rng(0)
    truth = mean_precision(Ranking(*rare_labels(40_000, 60, generator)))(np.ones(40_000))["mAP"]
    hits = 0
    for seed in range(40):
        metrics = mean_precision(Ranking(*rare_labels(400, 60, generator)))
        found = bootstrap_weights(metrics, 400, num_samples=100, seed=seed)["mAP"]
        hits += found.low <= truth <= found.high
    assert hits >= 36


def test_shares_of_images_have_wilsons_interval():
    z = norm.ppf(0.975)
    found = proportion_interval(16, 16)
    assert (found.low, found.high) == pytest.approx((16 / (16 + z**2), 1.0))
    assert proportion_interval(5, 10).low == pytest.approx(1 - proportion_interval(5, 10).high)
    assert np.isnan(proportion_interval(0, 0).low)


def test_samples_follow_the_cost():
    assert [affordable_samples(n) for n in (0, 200_000, 500_000, 10**8)] == [1000, 1000, 400, 200]

"""The figures of numbers against scikit-learn."""

import json
import warnings

import numpy as np
import pytest
from partial_labels import over_seeds
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from polyhead.errors import DivergedError
from polyhead.metrics import NumberMeter
from polyhead.metrics.number_meter import _figures


def random_numbers(seed, num_rows=60, unknown=0.3):
    generator = np.random.default_rng(seed)
    targets = generator.normal(50, 20, num_rows)
    values = targets + generator.normal(0, 10, num_rows)
    targets[generator.random(num_rows) < unknown] = np.nan
    return values, targets


def figures(values, targets, low=None, high=None, **options):
    meter = NumberMeter()
    for start in range(0, len(values), 7):
        rows = slice(start, start + 7)
        ends = [None if end is None else end[rows] for end in (low, high)]
        meter.update(values[rows], targets[rows], *ends)
    return meter.compute(**options)


def values_of(found):
    return {name: metric["value"] for name, metric in found["metrics"].items()}


@over_seeds
def test_figures_equal_scikit_learns_over_known_rows(seed):
    values, targets = random_numbers(seed)
    found = figures(values, targets)
    known = ~np.isnan(targets)
    truth, given = targets[known], values[known]
    assert found["num_known"] == known.sum()
    assert found["num_images"] == 60
    assert values_of(found) == pytest.approx(
        {
            "MAE": mean_absolute_error(truth, given),
            "RMSE": root_mean_squared_error(truth, given),
            "R2": r2_score(truth, given),
            "MAE_mean": mean_absolute_error(truth, np.full(len(truth), truth.mean())),
        }
    )


@over_seeds
def test_a_weight_is_a_repetition(seed):
    values, targets = random_numbers(seed, unknown=0.0)
    known = np.stack([values, targets, values - 13, values + 13], 1)
    weights = np.random.default_rng(seed).integers(0, 4, len(values))
    weighted = _figures(known, weights.astype(float))
    repeated = np.repeat(known, weights, axis=0)
    plain = _figures(repeated, np.ones(len(repeated)))
    columns = _figures(known, np.stack([weights, weights], 1).astype(float))
    for name, value in plain.items():
        assert weighted[name] == pytest.approx(value)
        np.testing.assert_allclose(columns[name], [value.item()] * 2)


@pytest.mark.parametrize("offset", [0, 2020, 1.7e9])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_r2_needs_no_particular_unit(offset, scale):
    values, targets = random_numbers(0, unknown=0.0)
    found = values_of(figures((values + offset) * scale, (targets + offset) * scale))
    assert found["R2"] == pytest.approx(r2_score(targets, values), abs=1e-5)


@pytest.mark.parametrize("number", [0.0, 0.1, 1e12])
def test_r2_of_equal_numbers_is_undefined(number):
    targets = np.full(30, number)
    found = figures(targets + 1, targets, intervals=True)["metrics"]
    assert found["R2"] == {"value": None, "low": None, "high": None}
    assert found["MAE"]["value"] == pytest.approx(1)


def test_a_calibrated_interval_covers_80_percent():
    generator = np.random.default_rng(0)
    centre, spread = generator.normal(0, 5, 20_000), generator.uniform(0.5, 4, 20_000)
    targets = generator.normal(centre, spread)
    half = 1.2815515655446004 * spread
    found = values_of(figures(centre, targets, centre - half, centre + half))
    assert found["interval_coverage"] == pytest.approx(0.8, abs=0.01)
    assert found["interval_width"] == pytest.approx(2 * half.mean())


def test_they_have_the_shape_of_the_evaluation_file():
    values, targets = random_numbers(0)
    found = figures(values, targets, values - 9, values + 9, intervals=True)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    metrics = found["metrics"]
    assert list(metrics) == [
        *("MAE", "RMSE", "R2", "interval_coverage", "interval_width", "MAE_mean")
    ]
    for name in ("MAE", "RMSE", "R2", "interval_coverage"):
        assert metrics[name]["low"] < metrics[name]["value"] < metrics[name]["high"]
    assert figures(values, targets)["metrics"]["MAE"].keys() == {"value"}


@pytest.mark.parametrize("num_rows", [0, 3])
def test_what_is_undefined_is_none(num_rows):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = figures(np.zeros(num_rows), np.full(num_rows, np.nan), intervals=True)
    assert (found["num_images"], found["num_known"]) == (num_rows, 0)
    assert all(set(metric.values()) == {None} for metric in found["metrics"].values())
    assert {"MAE", "RMSE", "R2", "MAE_mean"} == set(found["metrics"])


def test_what_the_model_says_of_unknown_rows_never_matters():
    values, targets = random_numbers(0)
    spoilt = np.where(np.isnan(targets), np.inf, values)
    assert figures(spoilt, targets) == figures(values, targets)


@pytest.mark.parametrize("junk", [np.nan, np.inf])
def test_a_diverged_model_is_refused(junk):
    with pytest.raises(DivergedError, match="not finite"):
        figures(np.array([junk, 1.0]), np.array([1.0, 1.0]))

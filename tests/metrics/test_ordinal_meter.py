"""The figures of grades against scikit-learn."""

import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from partial_labels import over_seeds, random_classes
from sklearn.metrics import accuracy_score, cohen_kappa_score, mean_absolute_error

from polyhead.errors import DivergedError
from polyhead.metrics.calibration.log_loss import log_loss
from polyhead.metrics.ordinal_meter import OrdinalMeter, middle_grade, quadratic_kappa

GRADES = ["0", "1", "2", "3"]
WITHOUT_INTERVAL = {"ECE", "QWK_majority", "MAE_median", "accuracy_majority"}


def figures(probabilities, targets, classes=GRADES, **options):
    meter = OrdinalMeter(classes)
    for start in range(0, len(targets), 7):
        meter.update(probabilities[start : start + 7], targets[start : start + 7])
    return meter.compute(**options)


def values(found):
    return {name: metric["value"] for name, metric in found["metrics"].items()}


def kappa(truth, answers, **options):
    return cohen_kappa_score(truth, answers, weights="quadratic", labels=range(4), **options)


@over_seeds
def test_figures_equal_scikit_learns_over_known_rows(seed):
    probabilities, targets = random_classes(seed)
    found = values(figures(probabilities, targets))
    known = targets >= 0
    truth, answers = targets[known], middle_grade(probabilities)[known]
    counts = np.bincount(truth, minlength=4)
    always_median = np.full(len(truth), np.quantile(truth, 0.5, method="inverted_cdf"))
    assert found.pop("ECE") >= 0
    assert found == pytest.approx(
        {
            "QWK": kappa(truth, answers),
            "MAE": mean_absolute_error(truth, answers),
            "accuracy": accuracy_score(truth, answers),
            "log_loss": log_loss(probabilities, targets).item(),
            "QWK_majority": kappa(truth, np.full(len(truth), counts.argmax())),
            "MAE_median": mean_absolute_error(truth, always_median),
            "accuracy_majority": counts.max() / len(truth),
        },
        abs=1e-12,
    )


@over_seeds
def test_each_grade_has_its_own_errors(seed):
    probabilities, targets = random_classes(seed)
    found = figures(probabilities, targets)
    answers = middle_grade(probabilities)
    for grade, name in enumerate(GRADES):
        rows = targets == grade
        entry = found["per_class"][name]
        assert entry["num_known"] == rows.sum()
        assert entry["MAE"] == pytest.approx(np.abs(answers[rows] - grade).mean())
        assert entry["recall"] == pytest.approx((answers[rows] == grade).mean())
    assert np.sum(found["confusion"]["matrix"]) == found["num_known"] == (targets >= 0).sum()


@over_seeds
def test_a_weight_is_a_repetition(seed):
    generator = np.random.default_rng(seed)
    answers, targets = generator.integers(5, size=60), generator.integers(-1, 5, size=60)
    weights = generator.integers(0, 4, 60)
    repeated = np.repeat(answers, weights), np.repeat(targets, weights)
    known = repeated[1] >= 0
    expected = cohen_kappa_score(repeated[1][known], repeated[0][known], weights="quadratic")
    found = quadratic_kappa(answers, targets, weights.astype(np.float32))
    assert found == pytest.approx(expected, abs=1e-12)
    columns = np.stack([weights, np.ones(60)], 1).astype(np.float32)
    both = quadratic_kappa(answers, targets, columns)
    assert both == pytest.approx([expected, quadratic_kappa(answers, targets).item()], abs=1e-12)


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.integers(2, 9))
def test_the_middle_grade_has_the_least_expected_error(seed, num_grades):
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(num_grades), 20)
    grades = np.arange(num_grades)
    expected = probabilities @ np.abs(grades[:, None] - grades)
    chosen = middle_grade(probabilities)
    np.testing.assert_allclose(expected[np.arange(20), chosen], expected.min(1), atol=1e-12)


def test_a_known_answer():
    # Two of ten pairs of grades 0 and 2 apart, the others equal: worked out by hand.
    targets = np.array([0] * 5 + [2] * 5)
    answers = np.array([0] * 4 + [2] + [2] * 4 + [0])
    assert quadratic_kappa(answers, targets) == pytest.approx(1 - 0.8 / 2.0)


def test_they_have_the_shape_of_the_evaluation_file():
    probabilities, targets = random_classes(0)
    found = figures(probabilities, targets, intervals=True)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found["metrics"])[:3] == ["QWK", "MAE", "accuracy"]
    for name, metric in found["metrics"].items():
        if name in WITHOUT_INTERVAL:
            assert metric.keys() == {"value"}
        else:
            assert metric["low"] < metric["value"] < metric["high"]
    assert found["metrics"]["QWK"]["low"] < 0  # random answers: a kappa goes below 0
    assert list(found["per_class"]) == GRADES
    filled = [b for b in found["reliability"] if b["n"]]
    gaps = sum(b["n"] * abs(b["mean"] - b["share"]) for b in filled)
    assert gaps / found["num_known"] == pytest.approx(found["metrics"]["ECE"]["value"])
    assert figures(probabilities, targets)["metrics"]["QWK"].keys() == {"value"}


def test_the_interval_of_the_kappa_holds_that_of_many_images():
    generator = np.random.default_rng(0)

    def table(num_rows):
        targets = generator.integers(4, size=num_rows)
        answers = np.clip(targets + generator.integers(-1, 2, num_rows), 0, 3)
        return np.eye(4, dtype=np.float32)[answers], targets.astype(np.int32)

    truth = values(figures(*table(100_000)))["QWK"]
    held = 0
    for _ in range(40):
        entry = figures(*table(80), intervals=True)["metrics"]["QWK"]
        held += entry["low"] <= truth <= entry["high"]
    assert held >= 34


@pytest.mark.parametrize("num_rows", [0, 3])
def test_what_is_undefined_is_none(num_rows):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        unknown = np.full(num_rows, -1, np.int32)
        found = figures(np.zeros((num_rows, 4), np.float32), unknown, intervals=True)
    assert found["num_images"] == num_rows
    assert found["num_known"] == found["num_classes_evaluated"] == 0
    assert all(set(metric.values()) == {None} for metric in found["metrics"].values())


def test_the_kappa_of_a_single_grade_is_undefined():
    found = figures(np.eye(4, dtype=np.float32)[[2] * 9], np.full(9, 2), intervals=True)
    assert found["metrics"]["QWK"] == {"value": None, "low": None, "high": None}
    assert found["metrics"]["QWK_majority"] == {"value": None}
    assert found["metrics"]["MAE"]["value"] == 0


def test_what_the_model_says_of_unknown_rows_never_matters():
    probabilities, targets = random_classes(0)
    spoilt = np.where(targets[:, None] < 0, np.float32(np.nan), probabilities)
    assert figures(spoilt, targets) == figures(probabilities, targets)


def test_order_of_images_never_matters():
    probabilities, targets = random_classes(1)
    order = np.random.default_rng(1).permutation(len(targets))
    shuffled = values(figures(probabilities[order], targets[order]))
    assert shuffled == pytest.approx(values(figures(probabilities, targets)), abs=1e-9)


def test_misfits_are_refused():
    probabilities, targets = random_classes(0)
    with pytest.raises(ValueError, match=r"should be \(B, 2\)"):
        OrdinalMeter(["low", "high"]).update(probabilities, targets)
    with pytest.raises(ValueError, match="between -1 and 3"):
        OrdinalMeter(GRADES).update(probabilities, targets + 2)
    with pytest.raises(ValueError, match="inverse link"):
        OrdinalMeter(GRADES).update(probabilities * 9, targets)
    with pytest.raises(DivergedError, match="NaN"):
        OrdinalMeter(GRADES).update(probabilities * np.float32(np.nan), targets)

from typing import Any

import numpy as np
import pytest
from partial_labels import over_seeds, random_tags
from scipy.special import expit
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from polyhead.errors import ConfigError
from polyhead.metrics import fit_thresholds, parse_thresholds
from polyhead.metrics.tags.agreement import example_f1
from polyhead.metrics.thresholds.cut_intervals import f1_shortfalls
from polyhead.metrics.thresholds.threshold_cuts import (
    best_binary_cut,
    best_cut,
    best_example_f1_cut,
)
from polyhead.metrics.thresholds.thresholds import best_f1_threshold


def brute_force(probabilities, positive):
    return max(f1_score(positive, probabilities >= cut) for cut in probabilities)


@over_seeds
def test_no_cut_beats_the_fitted_threshold(seed):
    scores, targets = random_tags(seed, num_rows=20, num_classes=1, unknown=0)
    scores, positive = scores[:, 0], targets[:, 0] == 1
    if positive.any():
        found = f1_score(positive, scores >= np.float32(best_f1_threshold(scores, positive)))
        assert found == pytest.approx(brute_force(scores, positive))


def test_threshold_lies_midway_between_distinct_scores():
    scores = np.array([0.9, 0.75, 0.25, 0.1], dtype=np.float32)
    assert best_f1_threshold(scores, np.array([True, True, False, False])) == 0.5
    assert best_f1_threshold(scores[:2], np.array([True, True])) == 0.375


def test_threshold_separates_neighbouring_floats():
    upper = np.float32(0.7)
    scores = np.array([upper, np.nextafter(upper, np.float32(0))], dtype=np.float32)
    threshold = np.float32(best_f1_threshold(scores, np.array([True, False])))
    assert (scores >= threshold).tolist() == [True, False]


@over_seeds
def test_a_class_without_positives_gets_the_pooled_threshold(seed):
    scores, targets = random_tags(seed)
    targets[:, 4] = np.minimum(targets[:, 4], 0)
    fitted = fit_thresholds(scores, targets, sharing="class")
    known = targets >= 0
    assert fitted.shared == best_f1_threshold(scores[known], targets[known] == 1)
    # A mean over folds of pooled thresholds, so near the one over all.
    assert fitted.low[4] <= fitted.values[4] <= fitted.high[4]
    assert (fitted.num_positive == (targets == 1).sum(0)).all()
    assert (fitted.num_known == known.sum(0)).all()


@over_seeds
@pytest.mark.parametrize("name", ["macro_f1", "precision>=0.6", "recall>=0.6"])
def test_sorting_positives_alone_finds_the_same_cut(name, seed):
    scores, targets = random_tags(seed, num_classes=1, unknown=0)
    scores, positive = scores[:, 0], targets[:, 0] == 1
    merit = parse_thresholds(name)[0].merit
    if positive.any():
        found = best_binary_cut(scores[positive], scores[~positive], merit)
        assert found == best_cut(scores, positive.astype(float), merit)


def planted_cells(seed, num_rows=400, num_labels=30):
    """Calibrated probabilities of labels of one kind, prevalence about a quarter."""
    generator = np.random.default_rng(seed)
    log_odds = 2 * generator.normal(size=(num_rows, num_labels)) - 2
    targets = (generator.random(log_odds.shape) < expit(log_odds)).astype(np.int8)
    return expit(log_odds).astype(np.float32), targets


@pytest.mark.parametrize("name", ["macro_f1", "mean_precision>=0.8", "mean_recall>=0.8"])
@pytest.mark.parametrize("sharing", ["shrunk", "class"])
def test_intervals_cover_the_best_threshold_of_the_population(name, sharing):
    objective = parse_thresholds(name)[0]
    scores, targets = (part[:, 0] for part in planted_cells(0, 400_000, 1))
    best = best_cut(scores, targets, objective.merit)
    fits = [fit_thresholds(*planted_cells(seed), objective, sharing) for seed in (1, 2, 3)]
    covered = [(fitted.low <= best) & (best <= fitted.high) for fitted in fits]
    assert np.mean(covered) >= 0.93

    assert np.mean([fitted.high - fitted.low for fitted in fits]) < 0.55


def test_f1_shortfall_has_the_standard_error_of_the_bootstrap():
    scores, targets = planted_cells(4, 1000, 1)
    order = np.argsort(-scores[:, 0])
    yes = targets[order, 0].astype(float)
    shortfall, error = f1_shortfalls(np.cumsum(yes), np.arange(1.0, 1001))
    best = int(np.argmin(shortfall))
    generator = np.random.default_rng(0)
    for cut in (best // 2, best + 150):
        gaps = []
        for _ in range(2000):
            weights = np.bincount(generator.integers(1000, size=1000), minlength=1000)
            hits, predicted = np.cumsum(weights * yes), np.cumsum(weights)
            f1 = 2 * hits / (predicted + hits[-1])
            gaps.append(f1[best] - f1[cut])
        assert error[cut] == pytest.approx(np.std(gaps), rel=0.1)


def example_cells(num_rows=400):
    generator = np.random.default_rng(0)
    log_odds = 2 * generator.normal(size=(num_rows, 3)) - 1
    targets = (generator.random(log_odds.shape) < expit(log_odds)).astype(np.int8)
    return expit(log_odds).astype(np.float32), targets


def test_example_f1_is_the_best_of_all_cuts():
    scores, targets = random_tags(3, num_rows=25)
    expected = max(float(example_f1(scores >= cut, targets)) for cut in np.unique(scores))
    found = example_f1(scores >= np.float32(best_example_f1_cut(scores, targets)), targets)
    assert found == pytest.approx(expected)


@over_seeds
def test_example_f1_is_the_best_of_all_cuts_where_probabilities_are_one(seed):
    generator = np.random.default_rng(seed)
    targets = (generator.random((30, 3)) < 0.05).astype(np.int8)
    steps = np.array([0.2, 0.5, 1 - 2**-24, 1], np.float32)
    scores = steps[generator.integers(4, size=targets.shape)]
    cuts = [*np.unique(scores), 2]
    expected = max(float(example_f1(scores >= cut, targets)) for cut in cuts)
    cut = np.float32(best_example_f1_cut(scores, targets))
    assert float(example_f1(scores >= cut, targets)) == pytest.approx(expected)


def test_a_false_probability_of_one_does_not_spoil_example_f1():
    scores = np.full((100, 3), 0.2, np.float32)
    scores[:60, 0] = 1
    targets = np.zeros((100, 3), np.int8)
    fitted = fit_thresholds(scores, targets | (np.arange(300).reshape(100, 3) == 299), "example_f1")
    assert float(example_f1(scores >= fitted.values, targets)) == 1
    assert not fitted.unreachable.any()


def test_thresholds_beyond_what_log_odds_of_calibration_reach_are_kept():
    generator = np.random.default_rng(0)
    targets = np.repeat([[1], [0]], [40, 60], axis=0).astype(np.int8)
    tiny = np.float32(1e-12) * (1 + generator.random((100, 1), dtype=np.float32) + 2 * targets)
    for name in ("macro_f1", "mean_recall>=0.9"):
        fitted = fit_thresholds(tiny, targets, name, "class")
        assert (tiny >= fitted.values)[:40].mean() > 0.85
        assert not (tiny >= fitted.values)[40:].any()
    near_one = np.where(targets == 1, 1 - 2**-24, 1 - 2**-23).astype(np.float32)
    fitted = fit_thresholds(near_one, targets, "macro_f1", "class")
    assert ((near_one >= fitted.values) == (targets == 1)).all()


def test_example_f1_gives_nothing_where_that_is_best():
    scores = np.full((20, 3), 0.3, np.float32)
    targets = np.zeros((20, 3), np.int8)
    targets[0, 0] = 1
    cut = best_example_f1_cut(scores, targets)
    assert 0.3 < cut <= 1
    assert float(example_f1(scores >= np.float32(cut), targets)) == pytest.approx(19 / 20)


@pytest.mark.parametrize("sharing", ["shrunk", "class", "global"])
def test_constraints_hold_on_many_images(sharing):
    scores, targets = example_cells(4000)
    for name in ("precision>=0.8", "recall>=0.8", "mean_precision>=0.8", "mean_recall>=0.8"):
        fitted = fit_thresholds(scores, targets, name, sharing)
        assert fitted.held_out == pytest.approx(0.8, abs=0.03)
        assert (fitted.low <= fitted.values).all()
        assert (fitted.values <= fitted.high).all()


def missed(name, draws, shares):
    """Of the labels that are neither never nor always predicted, which share misses the bound.

    `shares` takes thresholds to the population's precision or recall.
    """
    found = []
    for drawn in draws:
        fitted = fit_thresholds(*drawn, name)
        limited = ~fitted.unreachable & ~fitted.unlimited
        found.append(shares(fitted.values)[limited] < parse_thresholds(name)[0].bound)
    return np.concatenate(found)


@pytest.mark.parametrize("kind", ["precision", "recall"])
def test_bounds_hold_for_each_label_with_the_confidence_that_is_stated(kind):
    scores, targets = (part[:, 0] for part in planted_cells(0, 400_000, 1))
    order = np.argsort(-scores)
    hits = np.cumsum(targets[order])
    curve = hits / (np.arange(1, 400_001) if kind == "precision" else hits[-1])

    def shares(cuts):
        return curve[np.maximum(np.searchsorted(-scores[order], -cuts) - 1, 0)]

    draws = [planted_cells(seed, 1500) for seed in range(1, 11)]
    held = missed(f"{kind}>=0.8", draws, shares)
    assert len(held) > 100
    assert held.mean() < 0.05 + 2 * (0.05 * 0.95 / len(held)) ** 0.5
    assert missed(f"mean_{kind}>=0.8", draws, shares).mean() > 0.3


def test_no_luck_of_many_cuts_passes_for_a_precision():
    """Scores that tell nothing: every cut has a precision of .79."""
    generator = np.random.default_rng(0)
    targets = (generator.random((600, 400)) < 0.79).astype(np.int8)
    scores = generator.beta(8, 2, targets.shape).astype(np.float32)
    fitted = fit_thresholds(scores, targets, "precision>=0.8")
    assert (~fitted.unreachable).mean() < 0.07


@over_seeds
def test_a_recall_holds_where_clopper_and_pearson_say_so(seed):
    generator = np.random.default_rng(seed)
    scores = np.round(generator.random((150, 1)), 1).astype(np.float32)
    targets = (generator.random((150, 1)) < 0.3 + 0.5 * scores).astype(np.int8)
    fitted = fit_thresholds(scores, targets, "recall>=0.7")
    positives = scores[targets == 1]

    def lower(cut):
        found = binomtest(int((positives >= cut).sum()), len(positives), alternative="greater")
        return found.proportion_ci(0.95).low

    best = max(cut for cut in np.unique(scores) if lower(cut) >= 0.7)
    assert ((scores >= fitted.values[0]) == (scores >= best)).all()
    assert fitted.low[0] <= fitted.values[0] <= fitted.high[0]


def test_where_too_few_are_known_a_label_is_never_or_always_predicted():
    scores, targets = example_cells(4000)
    targets[10:, 0] = np.minimum(targets[10:, 0], 0)
    precise, found = (fit_thresholds(scores, targets, f"{n}>=0.8") for n in ("precision", "recall"))
    assert precise.unreachable.tolist() == [True, False, False]
    assert not (np.ones(1, np.float32) >= precise.values[0]).any()
    assert found.unlimited.tolist() == [True, False, False]
    assert (np.zeros(1, np.float32) >= found.values[0]).all()
    targets[:, 0] = 0  # of which nothing is known to be true
    assert fit_thresholds(scores, targets, "precision>=0.8").unreachable[0]
    assert fit_thresholds(scores, targets, "recall>=0.8").unlimited[0]


def test_out_of_reach_gives_none():
    scores, targets = example_cells()
    targets[:, 0] = scores[:, 0] < 0.05
    fitted = fit_thresholds(scores, targets, "mean_precision>=0.95", "class")
    assert fitted.unreachable.tolist() == [True, False, False]
    assert not (np.ones(1, np.float32) >= fitted.values[0]).any()


def test_cost_needs_no_fit():
    scores, targets = example_cells()
    objective, _ = parse_thresholds({"name": "cost", "false_positive": "1", "false_negative": 4})
    fitted = fit_thresholds(scores, targets, objective)
    np.testing.assert_allclose(fitted.values, 0.2)
    np.testing.assert_allclose(fitted.high, 0.2)


@pytest.mark.parametrize(
    ("spelled", "said"),
    [
        ("precision>=1.5", "bound"),
        ("precision>=1", "mean_precision>=1"),
        ("recall>=1", "recall>=0.99"),
        ("recall>=high", "number"),
        ({"name": "macro_f1", "sharing": "shrank"}, "shrunk"),
        ({"name": "micro_f1", "sharing": "class"}, "One threshold"),
        ({"name": "macro_f1", "false_positive": 1}, "no option"),
        ({"name": "cost", "false_positive": 0}, "above 0"),
    ],
)
def test_wrong_spellings_are_reported(spelled, said):
    with pytest.raises(ConfigError, match=said):
        parse_thresholds(spelled)


def test_micro_objective_gives_every_class_the_pooled_threshold():
    scores, targets = random_tags(2)
    fitted = fit_thresholds(scores, targets, "micro_f1")
    assert (fitted.values == fitted.values[0]).all()


@over_seeds
def test_scores_of_unknown_cells_never_matter(seed):
    scores, targets = random_tags(seed)
    changed = np.where(targets < 0, np.float32(np.nan), scores)
    found, expected = fit_thresholds(changed, targets), fit_thresholds(scores, targets)
    np.testing.assert_array_equal(found.values, expected.values)


def test_nothing_known_gives_one_half():
    fitted = fit_thresholds(np.zeros((3, 2), np.float32), np.full((3, 2), -1, np.int8))
    assert fitted.values.tolist() == [0.5, 0.5]


def test_misfits_are_refused():
    scores, targets = random_tags(0)
    misspelt: Any = "macrof1"
    with pytest.raises(ConfigError, match='Did you mean "macro_f1"'):
        fit_thresholds(scores, targets, misspelt)
    with pytest.raises(ValueError, match="inverse link"):
        fit_thresholds(scores * 9, targets)

from typing import Any

import numpy as np
import pytest
from partial_labels import over_seeds, random_tags
from scipy.special import expit
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


@pytest.mark.parametrize("name", ["macro_f1", "precision>=0.8", "recall>=0.8"])
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
            hits, given = np.cumsum(weights * yes), np.cumsum(weights)
            f1 = 2 * hits / (given + hits[-1])
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
    for name in ("precision>=0.8", "recall>=0.8"):
        fitted = fit_thresholds(scores, targets, name, sharing)
        assert fitted.held_out == pytest.approx(0.8, abs=0.03)
        assert (fitted.low <= fitted.values).all()
        assert (fitted.values <= fitted.high).all()


def test_out_of_reach_gives_none():
    scores, targets = example_cells()
    targets[:, 0] = scores[:, 0] < 0.05
    fitted = fit_thresholds(scores, targets, "precision>=0.95", "class")
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
        ("recall>=high", "number"),
        ({"name": "macro_f1", "sharing": "shrank"}, "shrunk"),
        ({"name": "micro_f1", "sharing": "class"}, "One threshold"),
        ({"name": "macro_f1", "false_positive": 1}, "no option"),
        ({"name": "cost", "false_positive": 0}, "above 0"),
    ],
)
def test_wrong_spellings_are_told(spelled, said):
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

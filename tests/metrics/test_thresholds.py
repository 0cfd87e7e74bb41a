from typing import Any

import numpy as np
import pytest
from partial_labels import over_seeds, random_tags
from sklearn.metrics import f1_score

from polyhead.errors import ConfigError
from polyhead.metrics import fit_thresholds
from polyhead.metrics.thresholds import best_f1_threshold


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
def test_classes_shrink_toward_the_pooled_threshold(seed):
    scores, targets = random_tags(seed)
    targets[:, 4] = np.minimum(targets[:, 4], 0)
    known = targets >= 0
    fitted = fit_thresholds(scores, targets)
    shared = best_f1_threshold(scores[known], targets[known] == 1)
    assert fitted.shared == shared
    assert fitted.values[4] == np.float32(shared)
    for c in range(4):
        own = best_f1_threshold(scores[known[:, c], c], targets[known[:, c], c] == 1)
        num_positive = (targets[:, c] == 1).sum()
        weight = num_positive / (num_positive + 10)
        assert fitted.values[c] == pytest.approx(weight * own + (1 - weight) * shared, abs=1e-6)
    assert (fitted.num_positive == (targets == 1).sum(0)).all()
    assert (fitted.num_known == known.sum(0)).all()


def test_micro_objective_gives_every_class_the_pooled_threshold():
    scores, targets = random_tags(2)
    fitted = fit_thresholds(scores, targets, "micro_f1")
    assert (fitted.values == np.float32(fitted.shared)).all()


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

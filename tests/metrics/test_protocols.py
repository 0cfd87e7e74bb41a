from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from partial_labels import over_seeds, random_tags
from sklearn.metrics import average_precision_score

from polyhead.errors import ConfigError
from polyhead.metrics import (
    PROTOCOLS,
    choose_protocol,
    mean_average_precision,
    mean_average_precision_under,
)


def found(name, scores, targets):
    return mean_average_precision_under(choose_protocol(name), scores, targets)


def curve(scores, positive):
    """Precision and recall at every distinct score, as fractions."""
    points = []
    for cut in np.unique(scores)[::-1]:
        hits = int(positive[scores >= cut].sum())
        precision = Fraction(hits, int((scores >= cut).sum()))
        points.append((precision, Fraction(hits, int(positive.sum()))))
    return points


def interpolated(points, recall):
    return max(precision for precision, reached in points if reached >= recall)


@over_seeds
@pytest.mark.parametrize("name", ["voc07", "voc10"])
def test_interpolated_areas_equal_brute_force(name, seed):
    scores, targets = random_tags(seed)
    result = found(name, scores, targets)
    for c in range(targets.shape[1]):
        known = targets[:, c] >= 0
        points = curve(scores[known, c], targets[known, c] == 1)
        if name == "voc07":
            expected = sum(interpolated(points, Fraction(k, 10)) for k in range(11)) / 11
        else:
            recalls = [Fraction(0), *(recall for _, recall in points)]
            steps = pairwise(recalls)
            expected = sum((b - a) * interpolated(points, b) for a, b in steps)
        assert result.per_class[c] == pytest.approx(float(expected), abs=1e-9)


@over_seeds
def test_default_and_known_only_equal_the_plain_mean(seed):
    scores, targets = random_tags(seed)
    expected = mean_average_precision(scores, targets)
    for name in ("default", "known_only"):
        np.testing.assert_array_equal(found(name, scores, targets).per_class, expected.per_class)


@over_seeds
def test_raw_ranks_ties_in_the_order_of_rows(seed):
    scores, targets = random_tags(seed)
    result = found("raw", scores, targets)
    for c in range(targets.shape[1]):
        known = np.flatnonzero(targets[:, c] >= 0)
        order = sorted(known, key=lambda row, c=c: -scores[row, c])
        hits = np.array([targets[row, c] == 1 for row in order])
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        assert result.per_class[c] == pytest.approx(precision[hits].mean(), abs=1e-9)


@over_seeds
def test_raw_equals_the_default_without_ties_and_empty_classes(seed):
    scores, targets = random_tags(seed)
    scores += np.arange(scores.size, dtype=np.float32).reshape(scores.shape) * 1e-4
    expected = mean_average_precision(scores, targets).per_class
    np.testing.assert_allclose(found("raw", scores, targets).per_class, expected, atol=1e-12)


def test_classes_without_a_positive_count_zero_or_are_left_out():
    scores, targets = random_tags(0)
    targets[:, 1] = np.minimum(targets[:, 1], 0)
    left_out, zero = (found(name, scores, targets) for name in ("default", "zero_empty"))
    assert (left_out.num_evaluated, zero.num_evaluated) == (4, 5)
    assert np.isnan(left_out.per_class[1])
    assert zero.per_class[1] == 0
    assert zero.value == pytest.approx(left_out.value * 4 / 5)


@over_seeds
def test_unknown_negative_equals_scikit_learn_with_no_for_unknown(seed):
    scores, targets = random_tags(seed)
    per_class = found("unknown_negative", scores, targets).per_class
    for c in range(targets.shape[1]):
        expected = average_precision_score(targets[:, c] == 1, scores[:, c])
        assert per_class[c] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", sorted(PROTOCOLS.keys() - {"unknown_negative"}))
def test_unknown_cells_never_matter(name):
    scores, targets = random_tags(3)
    changed = np.where(targets < 0, np.float32(np.nan), scores)
    assert found(name, changed, targets).value == found(name, scores, targets).value


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_nothing_at_all_is_no_crash(name):
    result = found(name, np.zeros((0, 2), np.float32), np.zeros((0, 2), np.int8))
    assert result.value == 0 or np.isnan(result.value)


def test_every_protocol_says_how_it_departs():
    assert [name for name, protocol in PROTOCOLS.items() if not protocol.departs] == ["default"]


def test_a_wrong_name_hints_at_the_nearest():
    with pytest.raises(ConfigError, match='Did you mean "voc07"'):
        choose_protocol("voc7")

import numpy as np
import pytest
import torch
from partial_labels import over_seeds, random_tags
from sklearn.metrics import average_precision_score
from torchmetrics.functional.classification import multilabel_average_precision

from polyhead.errors import DivergedError
from polyhead.metrics import Ranking, average_precision, mean_average_precision


@over_seeds
def test_equals_scikit_learn_on_the_known_cells(seed):
    scores, targets = random_tags(seed)
    found = average_precision(scores, targets)
    for c in range(targets.shape[1]):
        known = targets[:, c] >= 0
        expected = average_precision_score(targets[known, c], scores[known, c])
        assert found[c] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("num_rows", [3, 1000])
def test_equals_torchmetrics_when_all_is_known(num_rows):
    scores, targets = random_tags(1, num_rows, unknown=0)
    targets[0] = 1
    expected = multilabel_average_precision(
        torch.from_numpy(scores), torch.from_numpy(targets).long(), 5, average="none"
    )
    np.testing.assert_allclose(average_precision(scores, targets), expected, atol=1e-6)


@over_seeds
def test_weights_equal_physically_repeated_rows(seed):
    scores, targets = random_tags(seed)
    weights = np.random.default_rng(seed).integers(0, 4, size=len(scores))
    found = average_precision(scores, targets, weights)
    repeated = average_precision(np.repeat(scores, weights, 0), np.repeat(targets, weights, 0))
    np.testing.assert_allclose(found, repeated, atol=1e-12)


def test_many_weightings_at_once_equal_one_at_a_time():
    scores, targets = random_tags(0)
    weights = np.random.default_rng(0).integers(0, 4, size=(len(scores), 7))
    ranking = Ranking(scores, targets)
    singly = [ranking.average_precision(column) for column in weights.T]
    np.testing.assert_allclose(ranking.average_precision(weights), np.stack(singly, 1))


@over_seeds
def test_order_of_rows_never_matters_even_among_ties(seed):
    scores, targets = random_tags(seed)
    order = np.random.default_rng(seed).permutation(len(scores))
    np.testing.assert_allclose(
        average_precision(scores[order], targets[order]),
        average_precision(scores, targets),
        atol=1e-12,
    )


@over_seeds
def test_scores_of_unknown_cells_never_matter(seed):
    scores, targets = random_tags(seed)
    changed = np.where(targets < 0, np.float32(np.nan), scores)
    np.testing.assert_array_equal(
        average_precision(changed, targets), average_precision(scores, targets)
    )


def test_class_without_positives_is_left_out_and_counted():
    scores = np.array([[0.9, 0.4], [0.1, 0.6]], dtype=np.float32)
    found = mean_average_precision(scores, np.array([[1, 0], [0, -1]], dtype=np.int8))
    assert (found.value, found.num_evaluated, found.num_total) == (1.0, 1, 2)
    assert np.isnan(found.per_class[1])


@pytest.mark.parametrize("num_rows", [0, 4])
def test_nothing_known_is_nan_without_a_warning(num_rows):
    found = mean_average_precision(
        np.zeros((num_rows, 3), np.float32), np.full((num_rows, 3), -1, np.int8)
    )
    assert np.isnan(found.value)
    assert found.num_evaluated == 0


def test_infinite_logits_rank_first_and_last():
    scores = np.array([[np.inf], [-np.inf], [0.0]], dtype=np.float32)
    assert average_precision(scores, np.array([[1], [0], [1]])) == 1.0


@pytest.mark.parametrize(
    ("scores", "targets", "words"),
    [
        (np.zeros((2, 2), np.float32), np.zeros((2, 3)), "both be"),
        (np.zeros(2, np.float32), np.zeros(2), "both be"),
        (np.zeros((2, 2), np.float16), np.zeros((2, 2)), "float32 or float64"),
        (np.zeros((2, 2), np.float32), np.full((2, 2), 2), "1 yes, 0 no, -1 unknown"),
    ],
)
def test_misfits_are_refused(scores, targets, words):
    with pytest.raises(ValueError, match=words):
        average_precision(scores, targets)


def test_nan_score_of_a_known_cell_is_refused():
    with pytest.raises(DivergedError, match="NaN"):
        average_precision(np.full((2, 2), np.nan, np.float32), np.ones((2, 2)))

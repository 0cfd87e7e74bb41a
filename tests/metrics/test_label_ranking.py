import numpy as np
import pytest
from partial_labels import over_seeds, random_tags
from sklearn.metrics import (
    coverage_error,
    f1_score,
    label_ranking_average_precision_score,
    label_ranking_loss,
)

from polyhead.errors import DivergedError
from polyhead.metrics import example_f1, rank_labels, top_labels


@over_seeds
@pytest.mark.parametrize("share", [0.02, 0.5])
def test_means_equal_scikit_learn_when_all_is_known(share, seed):
    scores, targets = random_tags(seed, 40, 7, unknown=0)
    targets[np.random.default_rng(seed).random(targets.shape) < 0.5 - share] = 0
    found = rank_labels(scores, targets)
    for values, reference in (
        (found.lrap, label_ranking_average_precision_score),
        (found.coverage, coverage_error),
        (found.ranking_loss, label_ranking_loss),
    ):
        assert values.mean() == pytest.approx(reference(targets, scores), abs=1e-9)


@over_seeds
def test_each_image_is_ranked_among_its_known_labels(seed):
    scores, targets = random_tags(seed, 30, 6, unknown=0.5)
    found = rank_labels(scores, targets)
    for row, known in enumerate(targets >= 0):
        if not known.any():
            assert np.isnan([found.lrap[row], found.coverage[row], found.ranking_loss[row]]).all()
            continue
        truth, told = targets[row, known], scores[row, known]
        positive, negative = told[truth == 1], told[truth == 0]
        precisions = [(positive >= s).sum() / (told >= s).sum() for s in positive]
        pairs = positive[:, None] <= negative
        trivial = not len(positive) or not len(negative)
        assert found.lrap[row] == pytest.approx(1 if trivial else np.mean(precisions))
        lowest = positive.min() if len(positive) else np.inf
        assert found.coverage[row] == (told >= lowest).sum()
        assert found.ranking_loss[row] == pytest.approx(0 if trivial else pairs.mean())


@over_seeds
def test_scores_of_unknown_cells_never_matter(seed):
    scores, targets = random_tags(seed)
    scores[0, 0] = -np.inf
    for other in (np.nan, np.inf, -np.inf):
        changed = np.where(targets < 0, np.float32(other), scores)
        for before, after in zip(
            vars(rank_labels(scores, targets)).values(),
            vars(rank_labels(changed, targets)).values(),
            strict=True,
        ):
            np.testing.assert_array_equal(before, after)
        np.testing.assert_array_equal(
            top_labels(scores, targets, 2), top_labels(changed, targets, 2)
        )


def test_a_table_of_several_blocks_equals_its_parts(monkeypatch):
    scores, targets = random_tags(0)
    whole = rank_labels(scores, targets)
    monkeypatch.setattr("polyhead.metrics.known_cells.CELLS_AT_ONCE", 40)
    np.testing.assert_array_equal(rank_labels(scores, targets).lrap, whole.lrap)


@over_seeds
def test_top_labels_are_the_highest_known(seed):
    scores, targets = random_tags(seed)
    predicted = top_labels(scores, targets, 3)
    known = targets >= 0
    assert (predicted.sum(1) == np.minimum(known.sum(1), 3)).all()
    for row in range(len(scores)):
        rest = scores[row, known[row] & ~predicted[row]]
        assert not len(rest) or scores[row, predicted[row]].min() >= rest.max()


@over_seeds
def test_example_f1_equals_scikit_learn_when_all_is_known(seed):
    scores, targets = random_tags(seed, unknown=0)
    targets[:, 0] = 1  # elsewhere scikit-learn calls an image with two empty sets 0
    expected = f1_score(targets, scores >= 0.6, average="samples")
    assert example_f1(scores >= 0.6, targets) == pytest.approx(expected, abs=1e-9)


@over_seeds
def test_example_f1_judges_known_labels_under_weights(seed):
    scores, targets = random_tags(seed, unknown=0.5)
    predicted, weights = scores >= 0.6, np.random.default_rng(seed).integers(0, 3, len(scores))
    figures = []
    for row in np.repeat(np.arange(len(scores)), weights):
        truth, told = targets[row] == 1, predicted[row] & (targets[row] >= 0)
        if (targets[row] >= 0).any():
            size = truth.sum() + told.sum()
            figures.append(2 * (truth & told).sum() / size if size else 1.0)
    assert example_f1(predicted, targets, weights) == pytest.approx(np.mean(figures), abs=1e-9)


def test_nan_score_of_a_known_cell_is_refused():
    with pytest.raises(DivergedError, match="NaN"):
        rank_labels(np.full((2, 2), np.nan, np.float32), np.ones((2, 2)))

import numpy as np
import pytest
import torch
from partial_labels import over_seeds, random_classes, random_tags
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    hamming_loss,
    precision_score,
    recall_score,
)
from torchmetrics.functional.classification import multilabel_exact_match, multilabel_f1_score

from polyhead import metrics


def scikit_learn(score, targets, given_labels):
    known = targets >= 0
    return [
        score(targets[known[:, c], c], given_labels[known[:, c], c], zero_division=0)
        for c in range(targets.shape[1])
    ]


@over_seeds
def test_each_class_equals_scikit_learn_on_the_known_cells(seed):
    scores, targets = random_tags(seed)
    labels = scores >= 0.6
    counts = metrics.count_labels(labels, targets)
    assert (counts.positives == (targets == 1).sum(0)).all()
    for found, score in (
        (counts.precision, precision_score),
        (counts.recall, recall_score),
        (counts.f1, f1_score),
    ):
        expected = np.array(scikit_learn(score, targets, labels))
        np.testing.assert_allclose(found, np.where(counts.positives > 0, expected, np.nan), 1e-9)


@over_seeds
def test_means_over_classes_mean_what_they_are_named(seed):
    scores, targets = random_tags(seed)
    labels, known = scores >= 0.6, targets >= 0
    precision, recall, f1 = (
        np.mean(scikit_learn(score, targets, labels))
        for score in (precision_score, recall_score, f1_score)
    )
    counts = metrics.count_labels(labels, targets)
    assert counts.macro_f1 == pytest.approx(f1, abs=1e-9)
    assert counts.cf1 == pytest.approx(2 * precision * recall / (precision + recall), abs=1e-9)
    assert counts.of1 == pytest.approx(f1_score(targets[known], labels[known]), abs=1e-9)


def test_f1_family_equals_torchmetrics_when_all_is_known():
    scores, targets = random_tags(3, unknown=0)
    counts = metrics.count_labels(scores >= 0.5, targets)
    tensors = torch.from_numpy((scores >= 0.5).astype(int)), torch.from_numpy(targets).long()
    macro = multilabel_f1_score(*tensors, num_labels=5, average="macro")
    micro = multilabel_f1_score(*tensors, num_labels=5, average="micro")
    assert counts.macro_f1 == pytest.approx(float(macro), abs=1e-6)
    assert counts.of1 == pytest.approx(float(micro), abs=1e-6)
    exact = multilabel_exact_match(*tensors, num_labels=5)
    assert metrics.subset_accuracy(scores >= 0.5, targets) == pytest.approx(float(exact))


@over_seeds
def test_hamming_error_and_subset_accuracy_equal_scikit_learn(seed):
    scores, targets = random_tags(seed)
    labels, known = scores >= 0.5, targets >= 0
    expected = hamming_loss(targets[known], labels[known])
    assert metrics.hamming_error(labels, targets) == pytest.approx(expected)
    # Judging by the known cells is judging with the unknown ones filled in as the model says.
    filled = np.where(known, targets, labels)[known.any(1)]
    expected = accuracy_score(filled, labels[known.any(1)])
    assert metrics.subset_accuracy(labels, targets) == pytest.approx(expected)


@over_seeds
def test_class_counts_equal_scikit_learn_on_the_known_rows(seed):
    probabilities, targets = random_classes(seed)
    labels, known = probabilities.argmax(1), targets >= 0
    counts = metrics.count_classes(labels, targets, 4)
    truth, found = targets[known], labels[known]
    assert np.nanmean(counts.recall) == pytest.approx(balanced_accuracy_score(truth, found))
    assert counts.macro_f1 == pytest.approx(f1_score(truth, found, average="macro"))
    np.testing.assert_array_equal(
        metrics.confusion_matrix(labels, targets, 4),
        confusion_matrix(truth, found, labels=range(4)),
    )


@over_seeds
def test_weights_equal_physically_repeated_rows(seed):
    scores, targets = random_tags(seed)
    labels = scores >= 0.5
    weights = np.random.default_rng(seed).integers(0, 4, size=(len(labels), 3))
    for metric in (
        lambda *table: metrics.count_labels(*table).of1,
        lambda *table: metrics.count_labels(*table).cf1,
        metrics.subset_accuracy,
        metrics.hamming_error,
    ):
        found = metric(labels, targets, weights)
        repeated = [metric(np.repeat(labels, w, 0), np.repeat(targets, w, 0)) for w in weights.T]
        np.testing.assert_allclose(found, repeated, atol=1e-12)


def test_label_without_positives_counts_only_in_the_pooled_figure():
    labels = np.array([[True, True], [False, True]])
    counts = metrics.count_labels(labels, np.array([[1, 0], [0, 0]]))
    assert counts.macro_f1 == counts.cf1 == 1.0
    assert counts.of1 == pytest.approx(0.5)
    assert np.isnan(counts.precision[1])


def test_label_never_predicted_has_precision_zero():
    counts = metrics.count_labels(np.zeros((2, 1), bool), np.array([[1], [0]]))
    assert counts.precision == counts.cf1 == 0.0


def test_nothing_known_is_nan_without_a_warning():
    labels, targets = np.zeros((3, 2), bool), np.full((3, 2), -1)
    counts = metrics.count_labels(labels, targets)
    figures = [counts.cf1, counts.macro_f1, counts.of1, metrics.hamming_error(labels, targets)]
    assert np.isnan([*figures, metrics.subset_accuracy(labels, targets)]).all()

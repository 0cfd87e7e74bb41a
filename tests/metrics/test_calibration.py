import numpy as np
import pytest
import torch
from partial_labels import over_seeds, random_classes
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as scikit_learn_log_loss
from torchmetrics.functional.classification import (
    binary_calibration_error,
    multiclass_calibration_error,
)

from polyhead.metrics import brier_score, expected_calibration_error, log_loss
from polyhead.metrics.calibration.calibration import top_label


def random_outcomes(seed):
    generator = np.random.default_rng(seed)
    probabilities = generator.random((200, 3)).astype(np.float32)
    return probabilities, generator.integers(-1, 2, size=(200, 3)).astype(np.int8)


@over_seeds
def test_tags_equal_torchmetrics_and_scikit_learn_on_the_known_cells(seed):
    probabilities, outcomes = random_outcomes(seed)
    known = outcomes >= 0
    cells = probabilities[known], outcomes[known]
    expected = binary_calibration_error(*map(torch.from_numpy, cells), n_bins=15)
    assert expected_calibration_error(probabilities, outcomes) == pytest.approx(
        float(expected), abs=1e-5
    )
    expected = brier_score_loss(cells[1], cells[0].astype(np.float64))
    assert brier_score(probabilities, outcomes) == pytest.approx(expected, abs=1e-9)


@over_seeds
def test_class_equals_torchmetrics_and_scikit_learn_on_the_known_rows(seed):
    probabilities, targets = random_classes(seed)
    known = targets >= 0
    rows = torch.from_numpy(probabilities[known]), torch.from_numpy(targets[known]).long()
    expected = multiclass_calibration_error(*rows, num_classes=4, n_bins=15)
    found = expected_calibration_error(*top_label(probabilities, targets))
    assert found == pytest.approx(float(expected), abs=1e-5)
    shares = probabilities[known] / probabilities[known].sum(1, keepdims=True, dtype=np.float64)
    expected = scikit_learn_log_loss(targets[known], shares, labels=range(4))
    assert log_loss(probabilities, targets) == pytest.approx(expected, abs=1e-5)


@over_seeds
def test_weights_equal_physically_repeated_rows(seed):
    probabilities, outcomes = random_outcomes(seed)
    weights = np.random.default_rng(seed).integers(0, 4, size=(200, 2))
    for metric in (expected_calibration_error, brier_score):
        found = metric(probabilities, outcomes, weights)
        repeated = [
            metric(np.repeat(probabilities, w, 0), np.repeat(outcomes, w, 0)) for w in weights.T
        ]
        np.testing.assert_allclose(found, repeated, atol=1e-9)


def test_frequencies_that_match_have_no_error():
    probabilities = np.full((4, 1), 0.25)
    outcomes = np.array([[1], [0], [0], [0]])
    assert expected_calibration_error(probabilities, outcomes) == pytest.approx(0)
    assert expected_calibration_error(1 - probabilities, outcomes) == pytest.approx(0.5)


def test_certain_and_wrong_is_finite():
    found = log_loss(np.array([[1.0, 0.0]], np.float32), np.array([1]))
    assert found == pytest.approx(-np.log(np.finfo(np.float32).eps))


def test_nothing_known_is_nan_without_a_warning():
    probabilities, unknown = np.full((3, 2), 0.5, np.float32), np.full((3, 2), -1)
    figures = [
        metric(probabilities, unknown) for metric in (expected_calibration_error, brier_score)
    ]
    assert np.isnan([*figures, log_loss(probabilities, unknown[:, 0])]).all()

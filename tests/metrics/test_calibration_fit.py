import numpy as np
import pytest
from scipy.special import expit, log_softmax
from sklearn.linear_model import LogisticRegression

from polyhead.metrics import choose_calibration, fit_calibration, fit_temperature
from polyhead.metrics.calibration import label_scores
from polyhead.metrics.calibration.label_scores import LabelScores
from polyhead.metrics.calibration.newton import Normals, newton


def planted(seed, num_rows=2000, scale=1.0, shift=0.0):
    """Log-odds of which scale · log-odds + shift is the truth."""
    generator = np.random.default_rng(seed)
    log_odds = generator.normal(-1, 2, size=(num_rows, 6))
    truth = expit(scale * log_odds + shift)
    return log_odds, (generator.random(truth.shape) < truth).astype(np.int8)


@pytest.mark.parametrize("seed", range(4))
def test_without_a_prior_it_is_logistic_regression(seed):
    log_odds, targets = planted(seed, num_rows=150, scale=0.4, shift=1)
    no_prior = Normals(np.zeros((6, 2)), np.full(2, np.inf))
    thetas, _ = newton(LabelScores.of(log_odds, targets), no_prior, np.zeros((6, 2)))
    for place, theta in enumerate(thetas):
        peer = LogisticRegression(C=np.inf, tol=1e-10)
        peer.fit(log_odds[:, place : place + 1], targets[:, place])
        assert np.exp(theta[0]) == pytest.approx(np.ravel(peer.coef_)[0], rel=1e-4)
        assert theta[1] == pytest.approx(np.ravel(peer.intercept_)[0], rel=1e-3, abs=1e-4)


def binned(log_odds, targets, monkeypatch):
    monkeypatch.setattr(label_scores, "FEW", 0)
    return LabelScores.of(log_odds, targets)


def test_points_of_bins_have_the_moments_of_the_cells(monkeypatch):
    log_odds, targets = planted(6, 700)
    targets[np.random.default_rng(0).random(targets.shape) < 0.4] = -1
    log_odds[0], targets[0] = -np.inf, 0
    found = binned(log_odds, targets, monkeypatch)
    assert found.scores.shape == (6, 2 * label_scores.NUM_BINS)
    assert (found.counts >= 0).all()
    known = targets >= 0
    np.testing.assert_allclose(found.num_cells, known.sum(0))
    np.testing.assert_array_equal(found.yes, (targets == 1).sum(0))
    cells = np.where(known, np.maximum(log_odds, -label_scores.MOST), 0)
    np.testing.assert_allclose(found.yes_scores, (cells * (targets == 1)).sum(0))
    for power in (1, 2, 3):
        sums = (found.counts * found.scores**power).sum(1)
        np.testing.assert_allclose(sums, (cells**power).sum(0), rtol=1e-9)


def test_equal_scores_are_one_point(monkeypatch):
    targets = np.array([[1], [0], [0], [-1]])
    found = binned(np.full((4, 1), 0.7), targets, monkeypatch)
    np.testing.assert_allclose(found.scores[found.counts > 0], 0.7, atol=0.01)
    assert found.counts.sum() == 3
    nothing = binned(np.full((4, 1), np.nan), np.full((4, 1), -1), monkeypatch)
    assert nothing.num_cells.tolist() == [0]
    assert np.isfinite(nothing.scores).all()


@pytest.mark.parametrize("form", ["temperature", "pooled", "affine"])
def test_a_fit_to_bins_is_the_fit_to_the_cells(form, monkeypatch):
    log_odds, targets = planted(7, 3000, 0.6, 0.4)
    binned_fit = fit_calibration(log_odds, targets, form=form)
    monkeypatch.setattr(label_scores, "FEW", 10_000)
    fitted = fit_calibration(log_odds, targets, form=form)
    np.testing.assert_allclose(binned_fit.scale, fitted.scale, rtol=1e-6)
    np.testing.assert_allclose(binned_fit.shift, fitted.shift, atol=1e-6)


@pytest.mark.parametrize("form", ["pooled", "affine"])
def test_planted_scale_and_shift_are_recovered(form):
    fitted = fit_calibration(*planted(0, 4000, 0.5, 0.7), form=form)
    np.testing.assert_allclose(fitted.scale, 0.5, atol=0.06)
    np.testing.assert_allclose(fitted.shift, 0.7, atol=0.15)


def test_planted_temperature_is_recovered():
    fitted = fit_calibration(*planted(0, 2000, 0.4), form="temperature")
    np.testing.assert_allclose(fitted.scale, 0.4, atol=0.03)
    assert (fitted.shift == 0).all()


@pytest.mark.parametrize("form", ["none", "temperature", "pooled", "affine"])
def test_unknown_cells_never_matter_and_the_order_stays(form):
    log_odds, targets = planted(1, 200)
    targets[np.random.default_rng(0).random(targets.shape) < 0.4] = -1
    changed = np.where(targets < 0, np.nan, log_odds)
    found, expected = (fit_calibration(z, targets, form=form) for z in (changed, log_odds))
    np.testing.assert_array_equal(found.scale, expected.scale)
    np.testing.assert_array_equal(found.shift, expected.shift)
    assert (found.scale > 0).all()


def test_a_label_without_a_yes_gets_the_pooled_fit():
    log_odds, targets = planted(2, 300, 0.6, 0.5)
    targets[:, 3] = np.minimum(targets[:, 3], 0)
    affine, pooled = (fit_calibration(log_odds, targets, form=f) for f in ("affine", "pooled"))
    assert affine.scale[3] == pooled.scale[3]
    assert affine.shift[3] == pooled.shift[3]


@pytest.mark.parametrize("scores", [np.array([[-1.0], [1.0]]), np.array([[-np.inf], [np.inf]])])
def test_separable_or_certain_scores_stay_finite(scores):
    for form in ("temperature", "affine"):
        fitted = fit_calibration(scores, np.array([[0], [1]]), form=form)
        assert np.isfinite([*fitted.scale, *fitted.shift]).all()


def test_wrong_order_keeps_a_positive_scale():
    log_odds, targets = planted(3, 300, scale=-1.0)
    assert (fit_calibration(log_odds, targets, form="affine").scale > 0).all()


def test_nothing_known_changes_nothing():
    fitted = choose_calibration(np.zeros((4, 2)), np.full((4, 2), -1), has_link=True)
    assert fitted.form == "none"
    assert choose_calibration(np.zeros((4, 2)), np.full((4, 2), -1), False).scale.tolist() == [1, 1]


@pytest.mark.parametrize("num_rows", [60, 400])
def test_calibrated_scores_are_left_alone_and_others_mended(num_rows):
    assert choose_calibration(*planted(5, num_rows), has_link=True).form == "none"
    log_odds, targets = planted(5, num_rows)
    mended = choose_calibration(3 * log_odds, targets, has_link=True)
    assert mended.form != "none"
    assert mended.held_out[mended.form] < mended.held_out["none"]
    assert choose_calibration(3 * log_odds, targets, has_link=False).form in ("pooled", "affine")


def test_temperature_of_a_class_task():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(4000, 5)) * 2
    chance = np.exp(log_softmax(logits, axis=1))
    targets = (generator.random((4000, 1)) > np.cumsum(chance, axis=1)).sum(axis=1).clip(0, 4)
    assert fit_temperature(3 * logits, targets) == pytest.approx(3, rel=0.06)
    hidden = np.where(np.arange(4000) < 100, -1, targets)
    assert fit_temperature(3 * logits, hidden) == pytest.approx(
        fit_temperature(3 * logits[100:], targets[100:])
    )
    assert fit_temperature(logits[:3], np.full(3, -1)) == pytest.approx(1, abs=1e-4)
    assert 0 < fit_temperature(np.eye(3), np.arange(3)) < 1


@pytest.mark.parametrize("has_link", [True, False])
def test_infinite_log_odds_count_as_large_ones(has_link):
    targets = np.array([[1, 0], [0, 1], [0, 1], [1, 0]])
    log_odds = np.array([[np.inf, -np.inf], [-np.inf, np.inf], [np.inf, 0], [0, 1.0]])
    found = choose_calibration(log_odds, targets, has_link)
    large = choose_calibration(np.clip(log_odds, -100, 100), targets, has_link)
    assert np.isfinite(list(found.held_out.values())).all()
    np.testing.assert_array_equal(found.scale, large.scale)

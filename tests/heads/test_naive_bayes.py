"""Fitted Gaussians against densities, and what they may not depend on."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.naive_bayes import GaussianNB

from polyhead.heads import NaiveBayes

FLOOR = 1e-3


def fitted(features, targets, known=None, num_outputs=None, batch=7):
    """A head in double precision, fitted batch by batch."""
    targets = torch.as_tensor(targets)
    known = torch.ones_like(targets, dtype=torch.bool) if known is None else torch.as_tensor(known)
    num_outputs = num_outputs or targets.shape[1]
    head = NaiveBayes(features.shape[1], num_outputs, floor=FLOOR).double()
    maps = torch.from_numpy(features)[:, :, None, None]
    for i in range(0, len(maps), batch):
        head.observe(maps[i : i + batch], targets[i : i + batch], known[i : i + batch])
    head.fit()
    return head


def answers(head, features):
    return head(torch.from_numpy(features)[:, :, None, None]).numpy()


def spread(x, means):
    """Variance around the means of the rows, with the floor."""
    return np.mean((x - means) ** 2, 0) + FLOOR * x.var(0).mean() + 1e-12


@given(
    seed=st.integers(0, 10_000),
    offset=st.sampled_from([0.0, 1e4]),
    unknown=st.sampled_from([0, 0.4]),
)
def test_tags_are_the_log_odds_of_two_densities(seed, offset, unknown):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(40, 4)) * [1, 2, 0.5, 3] + offset
    y = (draw.random((40, 3)) < 0.5).astype(np.int8)
    x[:, 0] += y[:, 0]
    known = draw.random((40, 3)) >= unknown
    found = answers(fitted(x, np.where(known, y, 77), known), x)
    for label in range(3):
        rows, yes = x[known[:, label]], y[known[:, label], label] == 1
        if yes.all() or not yes.any():
            continue
        means = {a: rows[yes == a].mean(0) for a in (True, False)}
        scale = np.sqrt(spread(rows, np.where(yes[:, None], means[True], means[False])))
        density = {a: norm.logpdf(x, means[a], scale).sum(1) for a in means}
        prior = np.log((yes.sum() + 0.5) / ((~yes).sum() + 0.5))
        expected = density[True] - density[False] + prior
        np.testing.assert_allclose(found[:, label], expected, rtol=1e-9, atol=1e-9 + offset * 1e-11)


@given(seed=st.integers(0, 10_000))
def test_classes_are_the_posterior_of_densities(seed):
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 3, 40)
    y[:3] = [0, 1, 2]
    known = np.ones(40, bool)
    known[30:] = False
    x = draw.normal(size=(40, 4)) + y[:, None]
    logits = answers(fitted(x, np.where(known, y, -1), known, num_outputs=3), x)
    rows, classes = x[:30], y[:30]
    means = np.stack([rows[classes == k].mean(0) for k in range(3)])
    scale = np.sqrt(spread(rows, means[classes]))
    joint = np.stack([norm.logpdf(x, mean, scale).sum(1) for mean in means], 1)
    joint += np.log((np.bincount(classes, minlength=3) + 0.5) / (30 + 1.5))
    difference = logits - joint  # a constant for each image
    np.testing.assert_allclose(difference, difference[:, :1].repeat(3, 1), rtol=1e-9, atol=1e-8)


def test_where_variances_are_equal_it_is_scikit_learns():
    draw = np.random.default_rng(0)
    half = draw.normal(size=(50, 4))
    x = np.concatenate([half, half + np.array([1, 0, -2, 0.5])])  # the same spread around two means
    y = np.repeat([0, 1], 50)
    within = half.var(0)
    smoothing = FLOOR * x.var(0).mean() / x.var(0).max()
    peer = GaussianNB(var_smoothing=smoothing).fit(x, y)
    assert np.allclose(peer.var_[0] - peer.epsilon_, within)
    expected = np.diff(peer.predict_joint_log_proba(x), axis=1)
    tags = answers(fitted(x, y[:, None]), x)
    np.testing.assert_allclose(tags, expected, rtol=1e-7, atol=1e-7)
    classes = answers(fitted(x, y, num_outputs=2), x)
    np.testing.assert_allclose(np.diff(classes, axis=1), expected, rtol=1e-7, atol=1e-7)


def test_batches_and_images_in_another_order_give_the_same():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(50, 6)), draw.integers(0, 2, (50, 4))
    expected = answers(fitted(x, y), x)
    np.testing.assert_allclose(answers(fitted(x, y, batch=50), x), expected, rtol=1e-9)
    order = draw.permutation(50)
    np.testing.assert_allclose(answers(fitted(x[order], y[order]), x), expected, rtol=1e-9)


def test_an_unknown_cell_changes_nothing():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(50, 6)), draw.integers(0, 2, (50, 2))
    known = draw.random((50, 2)) < 0.5
    first = fitted(x, np.where(known, y, 0), known)
    second = fitted(x, np.where(known, y, 1), known)
    assert all(torch.equal(a, b) for a, b in zip(first.buffers(), second.buffers(), strict=True))


@pytest.mark.parametrize(
    ("column", "prior"), [([1] * 10, np.log(10.5 / 0.5)), ([0] * 10, np.log(0.5 / 10.5))]
)
def test_a_label_that_all_or_none_have_is_answered_by_its_prior(column, prior):
    x = np.random.default_rng(0).normal(size=(10, 3))
    np.testing.assert_allclose(answers(fitted(x, np.array(column)[:, None]), x), prior)


def test_a_label_of_which_nothing_is_known_is_even():
    x = np.random.default_rng(0).normal(size=(10, 3))
    known = np.zeros((10, 1), bool)
    assert (answers(fitted(x, np.ones((10, 1), int), known), x) == 0).all()


def test_a_class_without_images_is_hardly_answered():
    draw = np.random.default_rng(0)
    y = np.repeat([0, 2], 50)
    x = draw.normal(size=(100, 3)) + 3 * y[:, None]
    logits = answers(fitted(x, y, num_outputs=3), x)
    assert np.isfinite(logits).all()
    assert (logits.argmax(1) == y).all()


@pytest.mark.parametrize("value", [0.0, 1e6])
def test_features_that_never_vary_say_nothing(value):
    y = np.array([[0], [1]] * 5)
    logits = answers(fitted(np.full((10, 3), value), y), np.full((4, 3), value))
    np.testing.assert_allclose(logits, 0, atol=1e-9)


def test_single_precision_keeps_its_digits_far_from_zero():
    draw = np.random.default_rng(0)
    y = draw.integers(0, 2, (400, 1))
    x = 100 + 0.01 * (draw.normal(size=(400, 5)) + y)
    exact = answers(fitted(x, y), x)
    head = NaiveBayes(5, 1, floor=FLOOR)
    maps = torch.from_numpy(x).float()[:, :, None, None]
    head.observe(maps, torch.from_numpy(y), torch.ones(400, 1, dtype=torch.bool))
    head.fit()
    assert np.abs(head(maps).numpy() - exact).max() < 0.02


def test_it_has_no_parameters_and_gives_features_no_gradient():
    head = NaiveBayes(3, 2)
    assert not list(head.parameters())
    assert not head(torch.randn(2, 3, 2, 2, requires_grad=True)).requires_grad


def test_it_answers_its_start_until_it_is_fitted_and_begins_again_afterwards():
    head = NaiveBayes(3, 2)
    head.start_at(torch.tensor([-1.0, 2.0]))
    assert torch.equal(head(torch.randn(1, 3, 2, 2)), torch.tensor([[-1.0, 2.0]]))
    with pytest.raises(ValueError, match="call `observe` before `fit`"):
        head.fit()
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(20, 3)), draw.integers(0, 2, (20, 2))
    once = fitted(x, y)
    again = fitted(draw.normal(size=(20, 3)), y)
    maps, labels = torch.from_numpy(x)[:, :, None, None], torch.from_numpy(y)
    for i in range(0, 20, 7):
        again.observe(maps[i : i + 7], labels[i : i + 7], torch.ones_like(labels[i : i + 7]).bool())
    again.fit()
    assert all(torch.equal(a, b) for a, b in zip(once.buffers(), again.buffers(), strict=True))

"""Samplers: how often rows are shown, and that it follows from seed and epoch alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tiny_runs import QUIET, digests, records, signal_before_step, tiny_config

from polyhead.checkpoints.weights import read_weights
from polyhead.errors import ConfigError, Interrupted
from polyhead.loading.order import EpochBatchSampler
from polyhead.loading.sampler import (
    Sampler,
    class_aware_factors,
    repeat_factors,
)
from polyhead.losses import Bce, CrossEntropy
from polyhead.losses.sampled_shares import class_shift, label_shift
from polyhead.runtime.run_folder import RunFolder
from polyhead.tasks.statistics import LabelCounts
from polyhead.training import resume, train

LABELS = arrays(
    np.int8, st.tuples(st.integers(1, 12), st.integers(0, 4)), elements=st.integers(-1, 1)
)


def shown(order, num_rows):
    """How often each row is among the keys of the epoch that `order` stands at."""
    return np.bincount([row for batch in order for _, row in batch], minlength=num_rows)


@given(LABELS, st.floats(0.01, 1))
def test_repeat_factors_follow_the_paper(labels, threshold):
    expected = []
    for row in labels:
        factors = [1.0]
        for label in np.flatnonzero(row == 1):
            share = sum(other[label] == 1 for other in labels) / len(labels)
            factors.append(max(1.0, (threshold / share) ** 0.5))
        expected.append(max(factors))
    np.testing.assert_allclose(repeat_factors(labels, threshold), expected)


@given(LABELS)
def test_class_aware_factors_are_those_of_drawing_a_class_then_an_image(labels):
    groups = [np.flatnonzero(column == 1) for column in labels.T]
    groups = [rows for rows in [*groups, np.flatnonzero(~(labels == 1).any(1))] if len(rows)]
    expected = np.zeros(len(labels))
    for rows in groups:
        expected[rows] += len(labels) / len(groups) / len(rows)
    found = class_aware_factors(labels)
    np.testing.assert_allclose(found, expected)
    assert found.sum() == pytest.approx(len(labels))
    assert Sampler(found).num_rows == len(labels)


@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(0.05, 20)), st.integers(0, 99))
def test_each_row_comes_as_often_as_expected_rounded_up_or_down(expected, seed):
    sampler = Sampler(expected)
    drawn = sampler.draw(np.random.default_rng(seed))
    scaled = expected * sampler.num_rows / expected.sum()
    counts = np.bincount(drawn, minlength=len(expected))
    assert len(drawn) == sampler.num_rows
    assert sampler.num_rows == pytest.approx(expected.sum(), abs=1)
    assert (counts >= np.floor(scaled - 1e-9)).all()
    assert (counts <= np.ceil(scaled + 1e-9)).all()


def test_frequencies_over_epochs_are_the_closed_form():
    generator = np.random.default_rng(0)
    labels = (generator.random((200, 6)) < [0.5, 0.3, 0.1, 0.05, 0.02, 0.01]).astype(np.int8)
    for expected in (repeat_factors(labels, 0.2), class_aware_factors(labels)):
        sampler = Sampler(expected)
        order = EpochBatchSampler(np.arange(200), 1, seed=3, sampler=sampler)
        total = np.zeros(200)
        for epoch in range(400):
            order.start(epoch)
            total += shown(order, 200)
        scaled = expected * sampler.num_rows / expected.sum()
        np.testing.assert_allclose(total / 400, scaled, atol=4 * 0.5 / 400**0.5)


def test_epochs_differ_and_each_starts_anywhere_alike():
    labels = np.eye(5, dtype=np.int8)[[0] * 30 + [1] * 4 + [2, 3, 4]]
    order = EpochBatchSampler(
        np.arange(100, 137), 4, seed=1, sampler=Sampler(class_aware_factors(labels))
    )
    order.start(2)
    whole = list(order)
    assert len(whole) == len(order) == 9
    assert sum(map(len, whole)) == order.num_rows() == 36
    assert {row for batch in whole for _, row in batch} <= set(range(100, 137))
    order.start(2, first_batch=5)
    assert list(order) == whole[5:]
    assert order.num_rows() == sum(map(len, whole[5:]))
    order.start(3)
    assert list(order) != whole


def test_a_row_shown_again_in_an_epoch_has_another_key():
    labels = np.array([[1]] + [[0]] * 9, np.int8)
    order = EpochBatchSampler(
        np.arange(10), 5, seed=0, sampler=Sampler(class_aware_factors(labels))
    )
    for epoch in range(3):
        order.start(epoch)
        keys = [key for batch in order for key in batch]
        assert len(set(keys)) == len(keys) == 10
        assert shown(order, 10)[0] == 5


@pytest.mark.parametrize("factors", [class_aware_factors, lambda x: repeat_factors(x, 0.3)])
def test_what_a_sampler_shows_is_undone_exactly_where_the_class_alone_decides(factors):
    """A posterior under the sampled shares, by the definition, comes back to that of all rows."""
    generator = np.random.default_rng(0)
    cells = np.repeat(np.arange(12).reshape(4, 3), generator.integers(1, 40, 12))  # cell, class
    labels = np.eye(3, dtype=np.int8)[cells % 3]
    expected = factors(labels)

    def posterior(weights):
        counts = np.bincount(cells, weights, 12).reshape(4, 3)
        return counts / counts.sum(1, keepdims=True)

    loss = CrossEntropy(LabelCounts(labels.sum(0), np.full(3, len(labels))))
    loss.undo_sampling(labels, expected)
    found = loss.link(torch.from_numpy(np.log(posterior(expected))))
    np.testing.assert_allclose(found, posterior(np.ones(len(labels))), rtol=1e-5)

    yes = labels[:, :1]
    expected = factors(yes)
    tags = Bce(LabelCounts(yes.sum(0), np.full(1, len(yes))))
    tags.undo_sampling(yes, expected)
    seen = posterior(expected)[:, :1]
    found = tags.link(torch.from_numpy(np.log(seen / (1 - seen))))
    np.testing.assert_allclose(found, posterior(np.ones(len(yes)))[:, :1], rtol=1e-5)


def test_shares_that_tell_nothing_shift_nothing():
    labels = np.array([[1, 0, -1], [1, 1, -1], [1, 0, -1]], np.int8)
    shift = label_shift(labels, np.array([1.0, 2.0, 1.0]))
    np.testing.assert_allclose(shift, [0, np.log(2), 0])
    assert (label_shift(labels, np.ones(3)) == 0).all()
    assert (class_shift(np.full((3, 2), -1, np.int8), np.ones(3)) == 0).all()


def test_a_sampled_run_undoes_what_was_shown_and_one_that_goes_on_from_it_does_not(
    scenes, tmp_path
):
    one = "train.epochs=1"
    sampled = train(
        tiny_config(scenes, "train.sampler=class_aware", one), runs=tmp_path, reporter=QUIET
    )
    plain = train(tiny_config(scenes, one), runs=tmp_path, init_from=sampled.path, reporter=QUIET)
    for run, is_shifted in ((sampled, True), (plain, False)):
        tensors, _ = read_weights(run.best_weights)
        for task in ("contents", "daytime"):
            assert bool(tensors[f"losses.to_{task}.shown"].any()) == is_shifted


def test_nothing_known_shows_every_row_once():
    for labels in (np.full((7, 3), -1, np.int8), np.zeros((7, 0), np.int8)):
        for expected in (repeat_factors(labels, 0.5), class_aware_factors(labels)):
            np.testing.assert_allclose(expected, 1)


@pytest.mark.parametrize("sampler", ["class_aware", "{name: repeat_factor, threshold: 0.6}"])
def test_a_sampled_run_that_is_interrupted_ends_as_if_it_had_never_stopped(
    scenes, tmp_path, monkeypatch, sampler
):
    config = tiny_config(scenes, f"train.sampler={sampler}", "train.epochs=2")
    whole = train(config, runs=tmp_path / "whole", reporter=QUIET)
    with monkeypatch.context() as patched:
        signal_before_step(patched, 6)
        with pytest.raises(Interrupted):
            train(config, runs=tmp_path / "cut", reporter=QUIET)
    run = RunFolder.open(next((tmp_path / "cut").iterdir()))
    resume(run.path, reporter=QUIET)
    assert digests(run) == digests(whole)
    assert records(run) == records(whole)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("repeat_factors", "repeat_factor"),
        ("{name: class_aware, threshold: 0.1}", "with `name: repeat_factor` alone"),
        ("{name: repeat_factor, threshold: 0}", "greater than 0"),
        ("{name: repeat_factor, share: 0.1}", "share"),
    ],
)
def test_wrong_samplers_are_refused_with_the_cure(scenes, value, told):
    with pytest.raises(ConfigError, match=told):
        tiny_config(scenes, f"train.sampler={value}")

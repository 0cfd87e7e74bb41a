import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from polyhead.errors import ConfigError
from polyhead.scenes import PATTERNS, flip_labels, hide_labels, known_tasks
from polyhead.scenes.hidden_labels import HIDDEN

label_tables = arrays.arrays(
    np.int8,
    st.tuples(st.integers(1, 12), st.integers(1, 6)),
    elements=st.integers(0, 1),
)
shares = st.floats(0, 1)


@settings(deadline=None)
@given(label_tables, shares, st.sampled_from(PATTERNS), st.integers(0, 2**32 - 1))
def test_known_cells_are_unchanged_and_the_rest_unknown(labels, fraction, pattern, seed):
    hidden = hide_labels(labels, fraction, pattern, np.random.default_rng(seed))
    assert hidden.dtype == np.int8
    assert np.all((hidden == labels) | (hidden == HIDDEN))
    again = hide_labels(labels, fraction, pattern, np.random.default_rng(seed))
    np.testing.assert_array_equal(hidden, again)


@settings(deadline=None)
@given(label_tables, st.sampled_from(PATTERNS))
def test_fraction_zero_hides_nothing(labels, pattern):
    hidden = hide_labels(labels, 0.0, pattern, np.random.default_rng(0))
    np.testing.assert_array_equal(hidden, labels)


@settings(deadline=None)
@given(label_tables, st.sampled_from([p for p in PATTERNS if p != "single_positive"]))
def test_fraction_one_hides_all(labels, pattern):
    assert np.all(hide_labels(labels, 1.0, pattern, np.random.default_rng(0)) == HIDDEN)


@settings(deadline=None)
@given(label_tables, st.integers(0, 1000))
def test_single_positive_keeps_one_positive_where_there_is_one(labels, seed):
    hidden = hide_labels(labels, 1.0, "single_positive", np.random.default_rng(seed))
    np.testing.assert_array_equal((hidden == 1).sum(axis=1), labels.any(axis=1).astype(int))
    assert not (hidden == 0).any()


def test_single_positive_picks_each_positive_equally_often():
    labels = np.tile(np.array([1, 0, 1, 1], dtype=np.int8), (9000, 1))
    kept = hide_labels(labels, 1.0, "single_positive", np.random.default_rng(0)) == 1
    np.testing.assert_allclose(kept.mean(axis=0), [1 / 3, 0, 1 / 3, 1 / 3], atol=0.02)


@settings(deadline=None)
@given(label_tables, shares, st.integers(0, 1000))
def test_per_task_hides_whole_rows(labels, fraction, seed):
    hidden = hide_labels(labels, fraction, "per_task", np.random.default_rng(seed)) == HIDDEN
    np.testing.assert_array_equal(hidden.all(axis=1), hidden.any(axis=1))


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
def test_hidden_share_is_the_fraction(fraction):
    labels = np.zeros((8000, 10), dtype=np.int8)
    for pattern in ("random", "per_class", "per_task"):
        hidden = hide_labels(labels, fraction, pattern, np.random.default_rng(3)) == HIDDEN
        assert hidden.mean() == pytest.approx(fraction, abs=0.02)
    known = known_tasks(8000, 6, fraction, np.random.default_rng(3))
    np.testing.assert_allclose(known.mean(axis=0), 1 - fraction, atol=0.02)


def test_per_class_rates_differ_widely_and_random_rates_do_not():
    labels = np.zeros((4000, 10), dtype=np.int8)
    for pattern, least, most in (("per_class", 0.9, 1.0), ("random", 0.0, 0.1)):
        rates = (hide_labels(labels, 0.5, pattern, np.random.default_rng(0)) == -1).mean(axis=0)
        assert least <= np.ptp(rates) <= most


@settings(deadline=None)
@given(label_tables)
def test_noise_of_zero_and_one_keeps_and_inverts(labels):
    generator = np.random.default_rng(0)
    np.testing.assert_array_equal(flip_labels(labels, 0.0, generator), labels)
    np.testing.assert_array_equal(flip_labels(labels, 1.0, generator), 1 - labels)


def test_noise_flips_its_share():
    labels = np.random.default_rng(0).integers(0, 2, (5000, 10)).astype(np.int8)
    flipped = flip_labels(labels, 0.1, np.random.default_rng(1)) != labels
    assert flipped.mean() == pytest.approx(0.1, abs=0.01)


def test_bad_knobs_are_refused():
    labels, generator = np.zeros((2, 2), dtype=np.int8), np.random.default_rng(0)
    with pytest.raises(ConfigError, match='Did you mean "per_class"'):
        hide_labels(labels, 0.5, "perclass", generator)
    with pytest.raises(ConfigError, match="from 0 to 1"):
        hide_labels(labels, 1.5, "random", generator)
    with pytest.raises(ConfigError, match="from 0 to 1"):
        flip_labels(labels, float("nan"), generator)

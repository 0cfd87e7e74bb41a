import itertools

import numpy as np
import pytest

from polyhead.errors import ConfigError
from polyhead.scenes import TAGS, LabelDistribution, street_distribution


def brute_force(unary, pairwise, correlation):
    """Weights of all states by the definition, one state at a time."""
    num = len(unary)
    states, weights = [], []
    for state in itertools.product((0, 1), repeat=num):
        energy = sum(u * y for u, y in zip(unary, state, strict=True))
        for i, j in itertools.combinations(range(num), 2):
            if state[i] and state[j]:
                forbidden = pairwise[i][j] == -np.inf
                energy += -np.inf if forbidden else correlation * pairwise[i][j]
        states.append(state)
        weights.append(np.exp(energy))
    return np.array(states), np.array(weights) / np.sum(weights)


def small_distribution(correlation):
    unary = [0.3, -0.8, 0.5, -0.1]
    pairwise = np.zeros((4, 4))
    for i, j, w in ((0, 1, 1.2), (1, 2, -0.7), (2, 3, -np.inf), (0, 3, 0.4)):
        pairwise[i, j] = pairwise[j, i] = w
    return LabelDistribution("abcd", np.array(unary), pairwise, correlation), unary, pairwise


@pytest.mark.parametrize("correlation", [0.0, 1.0, 2.5])
def test_probabilities_and_marginals_equal_brute_force(correlation):
    distribution, unary, pairwise = small_distribution(correlation)
    states, expected = brute_force(unary, pairwise, correlation)
    np.testing.assert_allclose(np.exp(distribution.log_probability(states)), expected, atol=1e-12)
    np.testing.assert_allclose(distribution.marginals(), expected @ states)
    pairs = np.einsum("s,si,sj->ij", expected, states, states)
    np.testing.assert_allclose(distribution.pair_marginals(), pairs)


def test_correlation_zero_makes_all_but_the_forbidden_pairs_independent():
    street = street_distribution(0.0)
    single, pairs = street.marginals(), street.pair_marginals()
    rain, snow = TAGS.index("rain"), TAGS.index("snow")
    free = ~np.eye(len(TAGS), dtype=bool)
    free[[rain, snow], [snow, rain]] = False
    np.testing.assert_allclose(pairs[free], np.outer(single, single)[free], atol=1e-12)
    assert pairs[rain, snow] == 0


def test_sample_frequencies_agree_with_enumeration():
    street = street_distribution()
    num = 40_000
    drawn = street.sample(np.random.default_rng(0), num)
    codes = drawn @ (1 << np.arange(len(TAGS)))
    counts = np.bincount(codes, minlength=2 ** len(TAGS))
    expected = street.probabilities * num
    common = expected >= 5  # the usual condition for Pearson's statistic
    statistic = ((counts - expected)[common] ** 2 / expected[common]).sum()
    freedom = common.sum() - 1
    assert statistic < freedom + 4 * np.sqrt(2 * freedom)
    assert not counts[expected == 0].any()
    pairs = drawn.T.astype(float) @ drawn / num
    np.testing.assert_allclose(pairs, street.pair_marginals(), atol=4 * 0.5 / np.sqrt(num))


@pytest.mark.parametrize("correlation", [0.0, 1.0, 3.0])
def test_rain_and_snow_never_meet(correlation):
    drawn = street_distribution(correlation).sample(np.random.default_rng(1), 20_000)
    assert not (drawn[:, TAGS.index("rain")] & drawn[:, TAGS.index("snow")]).any()


def test_couplings_have_their_sign():
    street = street_distribution()
    single, pairs = street.marginals(), street.pair_marginals()
    for first, second in (("bus", "traffic light"), ("dog", "person"), ("bicycle", "person")):
        i, j = TAGS.index(first), TAGS.index(second)
        assert pairs[i, j] > 1.2 * single[i] * single[j]


def test_every_tag_is_neither_rare_nor_constant():
    assert np.all(
        (street_distribution().marginals() > 0.1) & (street_distribution().marginals() < 0.8)
    )


@pytest.mark.parametrize(
    ("unary", "pairwise", "correlation", "message"),
    [
        ([0.0], np.zeros((2, 2)), 1.0, "expected"),
        ([0.0, 0.0], np.array([[0.0, 1.0], [2.0, 0.0]]), 1.0, "symmetric"),
        ([0.0, np.nan], np.zeros((2, 2)), 1.0, "finite"),
        ([0.0, 0.0], np.zeros((2, 2)), -1.0, "at least 0"),
        ([0.0, 0.0], np.zeros((2, 2)), float("nan"), "at least 0"),
    ],
)
def test_bad_parameters_are_refused(unary, pairwise, correlation, message):
    with pytest.raises(ConfigError, match=message):
        LabelDistribution("ab", np.array(unary), pairwise, correlation)


def test_too_many_labels_are_refused():
    with pytest.raises(ConfigError, match="17 labels"):
        LabelDistribution([str(k) for k in range(17)], np.zeros(17), np.zeros((17, 17)))

import brute_force as slow
import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from polyhead.field import PairwiseField, Rules
from polyhead.field import components as field_components
from polyhead.field.belief_propagation import belief_propagation
from polyhead.field.components import most_likely
from polyhead.field.enumeration import Enumeration
from polyhead.field.iterated_modes import iterated_modes
from polyhead.field.min_cut import min_cut
from polyhead.field.mixed_integer import mixed_integer
from polyhead.field.states import legal_states

NO_PAIRS = np.zeros((0, 2), int)
seeds = st.integers(0, 10**6)
few = settings(max_examples=15, deadline=None)


def uncentred(field, unaries):
    return unaries - field.couplings @ field.means


def values(log_odds, couplings, states):
    return (states * log_odds).sum(1) + 0.5 * ((states @ couplings) * states).sum(1)


@few
@over(seeds, st.booleans())
def test_min_cut_finds_the_mode_of_attractive_fields(seed, with_implications):
    field, unaries, _ = slow.random_field(seed, 12, with_rules=False, sign="attract", scale=0.6)
    pairs = ((0, 1), (1, 2), (5, 2)) if with_implications else ()
    exact = PairwiseField(field.couplings, field.means, Rules(implies=pairs)).mode(unaries)
    log_odds = uncentred(field, unaries)
    found = min_cut(log_odds, field.couplings, np.array(pairs, int).reshape(-1, 2))
    expected = values(log_odds, field.couplings, exact)
    assert values(log_odds, field.couplings, found) == pytest.approx(expected, abs=1e-6)
    assert Rules(implies=pairs).legal(found).all()


@few
@over(seeds)
def test_mixed_integer_finds_the_mode(seed):
    field, unaries, _ = slow.random_field(seed, 10)
    exact, log_odds = field.mode(unaries), uncentred(field, unaries)
    for row, mode in zip(log_odds, exact, strict=True):
        found = mixed_integer(row, field.couplings, field.rules)
        assert found is not None
        pair = np.stack([found, mode])
        assert field.rules.legal(pair).all()
        scores = values(row, field.couplings, pair)
        assert scores[0] == pytest.approx(scores[1], abs=1e-6)


@few
@over(seeds)
def test_iterated_modes_find_the_mode_and_stay_legal(seed):
    field, unaries, _ = slow.random_field(seed, 12)
    start = field.rules.completion(np.full(12, -1))
    assert start is not None
    log_odds = uncentred(field, unaries)
    found = iterated_modes(log_odds, field.couplings, field.rules, start)
    assert field.rules.legal(found).all()
    gap = values(log_odds, field.couplings, field.mode(unaries)) - values(
        log_odds, field.couplings, found
    )
    assert gap.min() >= -1e-9
    assert gap.max() < 1.5  # it may stop at a hill, seldom and near the top


def test_belief_propagation_is_near_the_marginals():
    errors = []
    for seed in range(60):
        field, unaries, _ = slow.random_field(seed, 8, density=0.4, scale=0.7)
        exact = np.array([slow.marginals(field, row) for row in unaries[:1]])
        found = belief_propagation(uncentred(field, unaries[:1]), field.couplings, field.rules)
        errors.append(np.abs(found - exact).mean())
    assert np.mean(errors) < 0.02
    assert np.quantile(errors, 0.9) < 0.05


def test_belief_propagation_is_exact_on_trees_with_rules():
    couplings = np.zeros((7, 7))
    couplings[0, 1] = couplings[1, 0] = 1.7
    couplings[4, 5] = couplings[5, 4] = -2.2
    rules = Rules((), ((0, 2),), ((3, 2),), ((3, 4, 6),))
    field = PairwiseField(couplings, np.full(7, 0.3), rules)
    unaries = np.random.default_rng(0).normal(0, 1.5, (5, 7))
    found = belief_propagation(uncentred(field, unaries), couplings, rules)
    assert found == pytest.approx(field.marginals(unaries), abs=1e-5)


def unlisted(monkeypatch):
    """Fields act as if no part could be enumerated."""
    monkeypatch.setattr(field_components, "MAX_STATES", 0)


@pytest.mark.parametrize("seed", range(8))
def test_fields_too_large_to_list_answer_like_listed_ones(monkeypatch, seed):
    field, unaries, generator = slow.random_field(seed, 9, density=0.3)
    evidence = slow.random_evidence(generator, field, len(unaries))
    modes, marginals = field.mode(unaries, evidence), field.marginals(unaries, evidence)
    unlisted(monkeypatch)
    again = PairwiseField(field.couplings, field.means, field.rules)
    assert not again.is_exact
    log_odds = uncentred(field, unaries)
    found = again.mode(unaries, evidence)
    expected = values(log_odds, field.couplings, modes)
    assert values(log_odds, field.couplings, found) == pytest.approx(expected, abs=1e-6)
    assert np.abs(again.marginals(unaries, evidence) - marginals).mean() < 0.05
    with pytest.raises(ValueError, match="pseudo_log_likelihood"):
        again.log_partition(unaries)


@pytest.mark.parametrize("listed", [True, False])
def test_ten_thousand_decoded_answers_break_no_rule(monkeypatch, listed):
    if not listed:
        unlisted(monkeypatch)
        monkeypatch.setattr("polyhead.field.expected_f.legal_states", lambda *_: None)
    num_decoded, per_field = 0, 280 if listed else 7
    for seed in range(12):
        field, _, generator = slow.random_field(seed, 10, density=0.4, scale=2.0)
        unaries = generator.normal(0, 3, (per_field, 10))
        evidence = np.full(unaries.shape, -1)
        evidence[::8] = slow.random_evidence(generator, field, len(evidence[::8]))
        probabilities = field.marginals(unaries, evidence)
        answers = (
            field.mode(unaries, evidence),
            field.expected_f(unaries, 1.0, evidence),
            field.decode_marginals(probabilities, np.full(10, 0.4), evidence),
        )
        for labels in answers:
            assert field.rules.legal(labels).all()
            assert (labels == (evidence == 1))[evidence >= 0].all()
            num_decoded += len(labels)
    assert num_decoded > (10_000 if listed else 250)


def test_a_large_hierarchy_is_decoded_legally():
    num_labels = 200
    pairs = tuple((i, (i - 1) // 2) for i in range(1, num_labels))
    rules = Rules((), ((150, 160, 170),), pairs, ((1, 2),))
    field = PairwiseField.independent(num_labels, rules)
    unaries = np.random.default_rng(0).normal(0, 2, (4, num_labels))
    for labels in (
        field.mode(unaries),
        field.expected_f(unaries),
        field.decode_marginals(1 / (1 + np.exp(-unaries)), np.full(num_labels, 0.5)),
    ):
        assert rules.legal(labels).all()
        assert labels.any()


def test_nothing_pulls_a_field_of_zeros():
    zeros = np.zeros((2, 15))
    assert not min_cut(zeros, np.zeros((15, 15)), NO_PAIRS).any()
    assert most_likely(zeros, np.zeros((15, 15)), Rules()).shape == (2, 15)


@few
@over(seeds, st.booleans(), st.sampled_from([1.0, 300.0]))
def test_sums_over_halves_are_those_over_states(seed, with_rules, scale):
    """At scale 300 the two halves pull apart, and their product is lost to underflow."""
    field, unaries, generator = slow.random_field(seed, 9, with_rules, scale=scale)
    evidence = slow.random_evidence(generator, field, len(unaries))
    states = legal_states(9, field.rules)
    assert states is not None
    listed = Enumeration.of(states, field.couplings, field.means)
    without_halves = Enumeration.of(states, field.couplings, field.means)
    vars(without_halves)["_halves"] = None
    for found, expected in zip(
        listed.sums(unaries * scale, evidence),
        without_halves.sums(unaries * scale, evidence),
        strict=True,
    ):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)

import json
from dataclasses import replace
from itertools import product

import brute_force as slow
import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st
from scipy.special import expit

from polyhead.errors import CheckpointError, ConfigError, DivergedError
from polyhead.field import PairwiseField, Rules

seeds = st.integers(0, 10**6)
few = settings(max_examples=25, deadline=None)


@few
@over(seeds, st.sampled_from([0.15, 0.5, 1.0]))
def test_log_partition_and_marginals_are_those_of_every_state(seed, density):
    field, unaries, _ = slow.random_field(seed, density=density)
    for row, log_z, found in zip(
        unaries, field.log_partition(unaries), field.marginals(unaries), strict=True
    ):
        assert log_z == pytest.approx(np.log(sum(slow.joint(field, row).values())), abs=1e-9)
        assert found == pytest.approx(slow.marginals(field, row), abs=1e-9)


@few
@over(seeds)
def test_told_labels_renormalise_the_joint(seed):
    field, unaries, generator = slow.random_field(seed)
    evidence = slow.random_evidence(generator, field, len(unaries))
    found, modes = field.marginals(unaries, evidence), field.mode(unaries, evidence)
    for row, answers, marginals, mode in zip(unaries, evidence, found, modes, strict=True):
        assert marginals == pytest.approx(slow.marginals(field, row, answers), abs=1e-9)
        weights = slow.joint(field, row, answers)
        assert weights[tuple(mode.astype(int))] == pytest.approx(max(weights.values()))


@few
@over(seeds)
def test_log_likelihood_sums_the_states_that_agree(seed):
    field, unaries, generator = slow.random_field(seed, density=0.3)
    evidence = slow.random_evidence(generator, field, len(unaries))
    for row, answers, found in zip(
        unaries, evidence, field.log_likelihood(unaries, evidence), strict=True
    ):
        agreeing, every = slow.joint(field, row, answers), slow.joint(field, row)
        expected = np.log(sum(agreeing.values()) / sum(every.values()))
        assert found == pytest.approx(expected, abs=1e-9)


@few
@over(seeds, st.sampled_from([0.5, 1.0, 2.0]), st.booleans(), st.sampled_from([0.2, 1.0]))
def test_expected_f_is_that_of_the_best_answer(seed, beta, with_rules, density):
    field, unaries, generator = slow.random_field(seed, 5, with_rules, density=density)
    evidence = slow.random_evidence(generator, field, len(unaries))
    for row, answers, found in zip(
        unaries, evidence, field.expected_f(unaries, beta, evidence), strict=True
    ):
        weights = slow.joint(field, row, answers)
        best = max(
            slow.expected_f(weights, answer, beta)
            for answer in product((0, 1), repeat=5)
            if slow.is_legal(field.rules, answer) and slow.agrees(answer, answers)
        )
        assert slow.expected_f(weights, found, beta) == pytest.approx(best, abs=1e-9)


@few
@over(seeds)
def test_thresholds_give_the_legal_answer_of_the_largest_margin(seed):
    field, unaries, generator = slow.random_field(seed)
    probabilities, thresholds = expit(unaries), generator.uniform(0.2, 0.8, 6)
    margins = unaries - np.log(thresholds / (1 - thresholds))
    found = field.decode_marginals(probabilities, thresholds)
    free = replace(field, rules=Rules()).decode_marginals(probabilities, thresholds)
    assert (free == (probabilities >= thresholds)).all()
    for row, answer in zip(margins, found, strict=True):
        best = max(
            row @ state for state in product((0, 1), repeat=6) if slow.is_legal(field.rules, state)
        )
        assert row @ answer == pytest.approx(best, abs=1e-6)
        assert slow.is_legal(field.rules, answer)


def test_thresholds_hold_at_ties_and_ends_of_probabilities():
    rules = Rules.of("abc", exclusive=[["a", "b"]])
    field = PairwiseField.independent(3, rules)
    probabilities = np.array([[0.5, 0.2, 0.5], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    found = field.decode_marginals(probabilities, np.array([0.5, 0.5, 0.5]))
    assert found[0].tolist() == [True, False, True]
    assert found[1].sum() == 1
    assert found[2].tolist() == [False, False, True]


def test_without_couplings_labels_are_independent_exactly():
    unaries = np.random.default_rng(0).normal(0, 3, (50, 30))
    field = PairwiseField.independent(30)
    assert (field.marginals(unaries) == expit(unaries)).all()
    assert (field.mode(unaries) == (unaries > 0)).all()
    targets = (unaries > 1).astype(np.int8)
    likelihood = field.log_likelihood(unaries, targets)
    assert likelihood == pytest.approx(field.pseudo_log_likelihood(unaries, targets))
    independent = np.where(targets == 1, expit(unaries), 1 - expit(unaries))
    assert likelihood == pytest.approx(np.log(independent).sum(1))
    assert field.log_partition(unaries) == pytest.approx(np.logaddexp(0, unaries).sum(1))


@few
@over(seeds)
def test_a_rule_is_what_a_large_coupling_tends_to(seed):
    field, unaries, _ = slow.random_field(seed, 4, with_rules=False)
    large = 200.0
    couplings, means = field.couplings.copy(), field.means
    couplings[0, 1] -= large
    couplings[1, 0] -= large
    couplings[2, 3] += large
    couplings[3, 2] += large
    shifted = unaries.copy()
    shifted[:, 0] -= large * means[1]
    shifted[:, 1] -= large * means[0]
    shifted[:, 2] += large * (means[3] - 1)
    shifted[:, 3] += large * means[2]
    soft = PairwiseField(couplings, means).marginals(shifted)
    hard = replace(field, rules=Rules((), ((0, 1),), ((2, 3),))).marginals(unaries)
    assert soft == pytest.approx(hard, abs=1e-6)


@few
@over(seeds)
def test_pseudo_likelihood_multiplies_the_conditionals(seed):
    field, unaries, generator = slow.random_field(seed, with_rules=False)
    targets = generator.integers(0, 2, unaries.shape)
    found = field.pseudo_log_likelihood(unaries, targets)
    for row, truth, total in zip(unaries, targets, found, strict=True):
        expected = 0.0
        for i in range(6):
            evidence = truth.copy()
            evidence[i] = -1
            probability = slow.marginals(field, row, evidence)[i]
            expected += np.log(probability if truth[i] else 1 - probability)
        assert total == pytest.approx(expected, abs=1e-8)


@few
@over(seeds)
def test_pseudo_likelihood_sums_out_one_unknown_label_exactly(seed):
    field, unaries, generator = slow.random_field(seed, with_rules=False)
    targets = generator.integers(0, 2, unaries.shape)
    targets[np.arange(3), generator.integers(0, 6, 3)] = -1
    found = field.pseudo_log_likelihood(unaries, targets)
    for row, truth, total in zip(unaries, targets, found, strict=True):
        expected = 0.0
        for i in np.flatnonzero(truth >= 0):
            evidence = truth.copy()
            evidence[i] = -1
            probability = slow.marginals(field, row, evidence)[i]
            expected += np.log(probability if truth[i] else 1 - probability)
        assert total == pytest.approx(expected, abs=1e-8)


def test_unknown_labels_that_a_known_one_forces_count_as_it_says():
    couplings = np.zeros((3, 3))
    couplings[1, 2] = couplings[2, 1] = 2.0
    field = PairwiseField(couplings, np.full(3, 0.5), Rules((), ((0, 1),)))  # at most one of 0, 1
    unaries, targets = np.array([[0.0, 3.0, 0.5]]), np.array([[1, -1, 1]])
    evidence = np.array([[1, -1, -1]])
    third = field.marginals(unaries, evidence)[0, 2]
    free = expit(0.0)  # of the first label, which the third does not move
    found = field.pseudo_log_likelihood(unaries, targets)
    assert found == pytest.approx([np.log(third) + np.log(free)])


def test_pseudo_likelihood_of_an_exactly_one_group_is_a_choice():
    rules = Rules.of(["day", "dusk", "night"], exactly_one=[["day", "dusk", "night"]])
    unaries = np.array([[1.0, 0.0, -1.0]] * 3)
    targets = np.array([[1, 0, 0], [-1, 0, -1], [1, 1, 0]])
    found = PairwiseField.independent(3, rules).pseudo_log_likelihood(unaries, targets)
    chosen = np.exp(unaries[0]) / np.exp(unaries[0]).sum()
    assert found[0] == pytest.approx(np.log(chosen[0]))
    assert found[1] == pytest.approx(np.log(chosen[0] + chosen[2]))
    assert found[2] == -np.inf


def test_unknown_cells_change_nothing():
    field, unaries, _ = slow.random_field(3, density=0.4)
    unknown = np.full(unaries.shape, -1)
    assert (field.marginals(unaries, unknown) == field.marginals(unaries)).all()
    assert field.log_likelihood(unaries, unknown) == pytest.approx(np.zeros(3))
    assert (field.pseudo_log_likelihood(unaries, unknown) == 0).all()


def test_told_labels_that_break_rules_are_refused_by_name():
    rules = Rules.of(["rain", "snow", "bus"], exclusive=[["rain", "snow"]])
    field = PairwiseField.independent(3, rules)
    with pytest.raises(ConfigError, match='"rain" and "snow" are yes') as raised:
        field.mode(np.zeros((1, 3)), np.array([[1, 1, -1]]))
    assert raised.value.code == "E_GIVEN"


@few
@over(seeds)
def test_json_restores_the_field_bit_for_bit(seed):
    field, unaries, _ = slow.random_field(seed, density=0.5)
    entry, rules = json.loads(json.dumps([field.to_dict(), field.rules.to_dict()]))
    restored = PairwiseField.from_dict(entry, Rules.from_dict(rules, field.rules.classes))
    assert restored == field
    assert (restored.couplings == field.couplings).all()
    assert (restored.marginals(unaries) == field.marginals(unaries)).all()


def test_damaged_json_is_refused():
    with pytest.raises(CheckpointError, match="damaged"):
        PairwiseField.from_dict({"means": [0.5], "couplings": [[0, 3, 1.0]]})


def test_gates_add_their_directions_to_the_couplings():
    directions = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
    field = PairwiseField(np.zeros((3, 3)), np.full(3, 0.5), directions=directions)
    found = field.at(np.array([0.5, -1.0])).couplings
    assert found.tolist() == [[0, 1, 0], [1, 0, -1], [0, -1, 0]]
    assert PairwiseField.from_dict(field.to_dict()) == field
    with pytest.raises(ValueError, match="gates"):
        field.mode(np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("couplings", "means"),
    [
        ([[0, 1], [2, 0]], [0, 0]),
        ([[1, 0], [0, 1]], [0, 0]),
        ([[0, np.nan], [np.nan, 0]], [0, 0]),
        ([[0, 1], [1, 0]], [0, 0, 0]),
    ],
)
def test_wrong_couplings_are_refused(couplings, means):
    with pytest.raises(ValueError, match="should be"):
        PairwiseField(np.array(couplings), np.array(means))


def test_log_odds_that_are_no_numbers_are_refused_and_infinite_ones_taken():
    field, _, _ = slow.random_field(0, 4, with_rules=False)
    with pytest.raises(DivergedError):
        field.marginals(np.full((1, 4), np.nan))
    with pytest.raises(ValueError, match=r"\(B, 4\)"):
        field.marginals(np.zeros((1, 5)))
    found = field.marginals(np.array([[np.inf, -np.inf, 0.0, 0.0]]))
    assert found[0, :2].tolist() == [1, 0]
    assert np.isfinite(found).all()


def test_no_images_give_no_answers():
    field, _, _ = slow.random_field(0)
    nothing = np.zeros((0, 6))
    assert field.mode(nothing).shape == (0, 6)
    assert field.marginals(nothing).shape == (0, 6)
    assert field.log_partition(nothing).shape == (0,)
    assert field.expected_f(nothing).shape == (0, 6)
    assert field.decode_marginals(nothing, np.full(6, 0.5)).shape == (0, 6)


def test_strongest_couplings_have_their_support():
    couplings = np.array([[0, 2.0, 0], [2.0, 0, -3.0], [0, -3.0, 0]])
    targets = np.array([[1, 1, 0], [1, 0, 1], [0, 1, -1], [0, 0, 0]])
    rows = PairwiseField(couplings, np.zeros(3)).strongest(["a", "b", "c"], targets)
    assert [(row.first, row.second, row.log_odds) for row in rows] == [
        ("b", "c", -3),
        ("a", "b", 2),
    ]
    assert rows[0].support == (0, 1, 1, 1)
    assert rows[1].support == (1, 1, 1, 1)

"""Fields whose couplings differ from image to image, against a loop over images and states."""

import json
from itertools import product

import brute_force as slow
import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from polyhead.errors import CheckpointError, DivergedError
from polyhead.field import PairwiseField, Rules, list_directions

seeds = st.integers(0, 10**6)
few = settings(max_examples=20, deadline=None)


def gated(seed, num_labels=6, rank=2, num_images=3, **options):
    """A field with directions, gates, log-odds, and the field of each image by the formula."""
    base, _, generator = slow.random_field(seed, num_labels, **options)
    directions = generator.normal(0, 1, (rank, num_labels))
    directions *= generator.random(directions.shape) < 0.7
    gates = generator.uniform(-1, 1, (num_images, rank))
    field = PairwiseField(base.couplings, base.means, base.rules, directions)
    alone = [PairwiseField(by_formula(field, alpha), field.means, field.rules) for alpha in gates]
    return field, gates, generator.normal(0, 1.5, (num_images, num_labels)), alone, generator


def joined(rules, i, j):
    together = any(i in group and j in group for group in (*rules.exclusive, *rules.exactly_one))
    return together or (i, j) in rules.implies or (j, i) in rules.implies


def by_formula(field, alpha):
    """W(x) of one image, pair by pair."""
    couplings = field.couplings.copy()
    for i, j in product(range(len(couplings)), repeat=2):
        if i != j and not joined(field.rules, i, j):
            couplings[i, j] += (alpha * field.directions[:, i] * field.directions[:, j]).sum()
    return (couplings + couplings.T) / 2


@few
@over(seeds)
def test_each_image_has_the_couplings_of_the_formula(seed):
    field, gates, _, alone, _ = gated(seed)
    for alpha, expected in zip(gates, alone, strict=True):
        assert field.at(alpha).couplings == pytest.approx(expected.couplings, abs=1e-12)


@few
@over(seeds)
def test_log_partition_and_marginals_are_those_of_every_state(seed):
    field, gates, unaries, alone, generator = gated(seed)
    evidence = slow.random_evidence(generator, field, len(unaries))
    found = field.of_images(gates)
    answers = (
        found.log_partition(unaries),
        found.marginals(unaries),
        found.marginals(unaries, evidence),
    )
    for image, row, known, log_z, marginals, conditioned in zip(
        alone, unaries, evidence, *answers, strict=True
    ):
        assert log_z == pytest.approx(np.log(sum(slow.joint(image, row).values())), abs=1e-9)
        assert marginals == pytest.approx(slow.marginals(image, row), abs=1e-9)
        assert conditioned == pytest.approx(slow.marginals(image, row, known), abs=1e-9)


@few
@over(seeds)
def test_modes_are_the_likeliest_states(seed):
    field, gates, unaries, alone, _ = gated(seed)
    for image, row, mode in zip(alone, unaries, field.of_images(gates).mode(unaries), strict=True):
        weights = slow.joint(image, row)
        assert weights[tuple(mode.astype(int))] == pytest.approx(max(weights.values()))


@few
@over(seeds)
def test_likelihoods_and_expected_f_are_those_of_each_image(seed):
    field, gates, unaries, alone, generator = gated(seed, 5)
    evidence, bound = slow.random_evidence(generator, field, len(unaries)), field.of_images(gates)
    together = np.stack(
        [bound.log_likelihood(unaries, evidence), bound.pseudo_log_likelihood(unaries, evidence)], 1
    )
    decided = bound.expected_f(unaries, evidence=evidence)
    for row, image in enumerate(alone):
        one = slice(row, row + 1)
        expected = [
            image.log_likelihood(unaries[one], evidence[one])[0],
            image.pseudo_log_likelihood(unaries[one], evidence[one])[0],
        ]
        assert together[row] == pytest.approx(expected, abs=1e-9)
        assert (decided[one] == image.expected_f(unaries[one], evidence=evidence[one])).all()


@few
@over(seeds)
def test_pseudo_likelihood_multiplies_the_conditionals(seed):
    field, gates, unaries, alone, generator = gated(seed, with_rules=False)
    targets = generator.integers(0, 2, unaries.shape)
    found = field.of_images(gates).pseudo_log_likelihood(unaries, targets)
    for image, row, truth, total in zip(alone, unaries, targets, found, strict=True):
        expected = 0.0
        for i in range(6):
            evidence = truth.copy()
            evidence[i] = -1
            probability = np.asarray(slow.marginals(image, row, evidence))[i]
            expected += np.log(probability if truth[i] else 1 - probability)
        assert total == pytest.approx(expected, abs=1e-8)


def test_a_field_too_large_to_list_is_solved_image_by_image():
    generator = np.random.default_rng(0)
    couplings = slow.random_couplings(generator, 18, density=0.1, scale=0.3)
    directions = generator.normal(0, 0.3, (1, 18))
    field = PairwiseField(couplings, np.full(18, 0.4), directions=directions)
    gates, unaries = generator.uniform(-1, 1, (3, 1)), generator.normal(0, 1, (3, 18))
    evidence = np.full((3, 18), -1, np.int8)
    evidence[1, 3] = 1
    bound = field.of_images(gates)
    assert not bound.is_exact
    marginals, modes = bound.marginals(unaries, evidence), bound.mode(unaries, evidence)
    for row, alpha in enumerate(gates):
        one, image = slice(row, row + 1), field.at(alpha)
        assert marginals[one] == pytest.approx(
            image.marginals(unaries[one], evidence[one]), abs=1e-9
        )
        assert (modes[one] == image.mode(unaries[one], evidence[one])).all()


def test_gates_that_are_shut_leave_the_field_of_all_images():
    field, gates, unaries, _, _ = gated(3)
    plain = PairwiseField(field.couplings, field.means, field.rules)
    shut = field.of_images(0 * gates)
    assert shut.marginals(unaries) == pytest.approx(plain.marginals(unaries), abs=1e-12)
    assert shut.log_partition(unaries) == pytest.approx(plain.log_partition(unaries), abs=1e-9)


def test_many_images_are_answered_in_pieces():
    field, _, _, _, generator = gated(1, 12, num_images=1, with_rules=False)
    gates, unaries = generator.uniform(-1, 1, (600, 2)), generator.normal(0, 1, (600, 12))
    found = field.of_images(gates).marginals(unaries)
    for row in (0, 255, 256, 599):
        expected = field.at(gates[row]).marginals(unaries[row : row + 1])
        assert found[row] == pytest.approx(expected[0], abs=1e-9)


def test_a_file_keeps_directions_and_no_gates():
    field, gates, _, _, _ = gated(0)
    entry = json.loads(json.dumps(field.of_images(gates).to_dict()))
    assert PairwiseField.from_dict(entry, field.rules) == field
    with pytest.raises(CheckpointError, match="damaged"):
        PairwiseField.from_dict({**entry, "directions": [[1.0]]})
    with pytest.raises(CheckpointError, match="finite"):
        PairwiseField.from_dict({**entry, "directions": [[float("nan")] * 6]})


def test_gates_that_do_not_fit_are_refused():
    field, gates, unaries, _, _ = gated(0)
    with pytest.raises(ValueError, match="differs from image to image"):
        field.marginals(unaries)
    with pytest.raises(ValueError, match=r"\(B, 2\)"):
        field.of_images(gates[:, :1])
    with pytest.raises(ValueError, match="of 2 images, not of 3"):
        field.of_images(gates[:2]).marginals(unaries)
    with pytest.raises(DivergedError):
        field.of_images(np.nan * gates).marginals(unaries)


def test_no_images_give_no_answers():
    field, gates, _, _, _ = gated(0)
    nothing = field.of_images(gates[:0])
    assert nothing.marginals(np.zeros((0, 6))).shape == (0, 6)
    assert nothing.mode(np.zeros((0, 6))).shape == (0, 6)


def test_rules_alone_and_gates_are_distinguished():
    rules = Rules.of("ab", exclusive=[["a", "b"]])
    assert not PairwiseField.independent(2, rules).is_coupled
    assert PairwiseField(np.zeros((2, 2)), np.zeros(2), rules, np.ones((1, 2))).is_coupled


def test_a_direction_lists_what_it_binds_most_first():
    directions = np.array([[0.5, -2.0, 0.0, 1.0]])
    (found,) = list_directions(directions, "abcd", np.linspace(0, 1, 101)[:, None], num=3)
    assert list(found.labels.items()) == [("b", 2.0), ("d", -1.0), ("a", -0.5)]
    assert (found.gate_low, found.gate_high) == pytest.approx((0.05, 0.95))
    (found,) = list_directions(directions, "abcd", np.zeros((0, 1)))
    assert (found.gate_low, found.gate_high) == (None, None)

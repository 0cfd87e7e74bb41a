"""Fields of more than 14 labels: exact by half sets, beyond them nearly."""

import brute_force as slow
import latent_cause
import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st
from scipy.special import expit

from polyhead.field import PairwiseField, Rules
from polyhead.field import components as field_components
from polyhead.field.belief_propagation import belief_propagation
from polyhead.field.common_causes import CommonCauses
from polyhead.field.enumeration import Enumeration
from polyhead.field.halved import Halved
from polyhead.field.halves import Halves
from polyhead.field.low_rank import ruled_pairs
from polyhead.field.states import legal_states

seeds = st.integers(0, 10**6)
few = settings(max_examples=15, deadline=None)


def both_ways(field):
    """By every state, and by pairs of half sets."""
    num_labels = len(field.means)
    states, halves = legal_states(num_labels, field.rules), Halves.of(num_labels, field.rules)
    assert states is not None
    assert halves is not None
    listed = Enumeration.of(states, field.couplings, field.means)
    return listed, Halved(halves, field.couplings, field.means)


@few
@over(seeds, st.booleans(), st.sampled_from([1.0, 300.0]))
def test_pairs_of_half_sets_answer_as_every_state(seed, has_evidence, scale):
    """At scale 300 the halves pull apart, and their product is lost to underflow."""
    field, unaries, generator = slow.random_field(seed, 9, scale=scale)
    evidence = slow.random_evidence(generator, field, len(unaries)) if has_evidence else None
    listed, halved = both_ways(field)
    for answer in ("log_partition", "marginals", "marginals_by_size"):
        expected = getattr(listed, answer)(unaries * scale, evidence)
        found = getattr(halved, answer)(unaries * scale, evidence)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert (halved.mode(unaries * scale, evidence) == listed.mode(unaries * scale, evidence)).all()


def test_what_no_set_agrees_with_has_no_likelihood():
    field = PairwiseField(np.zeros((15, 15)), np.full(15, 0.5), Rules((), ((0, 14),)))
    targets = np.full((2, 15), -1)
    targets[0, [0, 14]] = 1
    found = field.log_likelihood(np.zeros((2, 15)), targets)
    assert found.tolist() == [-np.inf, 0]


def test_groups_make_room_for_more_labels():
    names = [f"c{i}" for i in range(40)]
    rules = Rules.of(names, exclusive=[names[:6], names[6:12]], exactly_one=[names[12:28]])
    couplings = slow.random_couplings(np.random.default_rng(0), 40, scale=0.3)
    couplings = np.where(ruled_pairs(40, rules), 0, couplings)
    field = PairwiseField(couplings, np.full(40, 0.5), rules)
    assert field.is_exact  # 12 free labels, and 784 sets of the others
    found = field.marginals(np.random.default_rng(1).normal(size=(3, 40)))
    assert (found[:, :6].sum(1) < 1).all()
    assert found[:, 12:28].sum(1) == pytest.approx(1)


@pytest.mark.parametrize("num_labels", [15, 20, 22])
def test_learnt_fields_of_a_hidden_cause_are_exact_up_to_22_labels(num_labels):
    evidence, labels = latent_cause.drawn(num_labels, 1000)
    field, slope, bias = latent_cause.learnt(evidence, labels)
    unaries = (slope * evidence + bias)[:6]
    assert field.is_exact
    found = field.marginals(unaries)
    messages = belief_propagation(
        unaries - field.couplings @ field.means, field.couplings, field.rules
    )
    reference = latent_cause.long_run(field, unaries)
    errors = [np.abs(answer - reference).mean() for answer in (messages, found)]
    print(f"{num_labels} labels: error {errors[0]:.4f} by messages, {errors[1]:.4f} now")
    assert errors[1] < 0.01  # of the reference
    causes = CommonCauses.of(field.couplings, field.rules)
    assert causes is not None
    assert causes.is_close
    again = causes.marginals(unaries - field.couplings @ field.means, field.couplings)
    assert np.abs(again - found).mean() < 0.002


@pytest.mark.parametrize(
    ("num_labels", "num_causes"), [(23, 1), (30, 2), (40, 1), (40, 2), (40, 3)]
)
def test_larger_learnt_fields_of_hidden_causes_are_nearly_right(num_labels, num_causes):
    evidence, labels = latent_cause.drawn(num_labels, 1500, num_causes=num_causes)
    field, slope, bias = latent_cause.learnt(evidence, labels)
    unaries = (slope * evidence + bias)[:4]
    assert not field.is_exact
    found = field.marginals(unaries)
    messages = belief_propagation(
        unaries - field.couplings @ field.means, field.couplings, field.rules
    )
    reference = latent_cause.long_run(field, unaries)
    errors = [np.abs(answer - reference).mean() for answer in (messages, found)]
    print(
        f"{num_labels} labels, {num_causes} causes: error {errors[0]:.3f} by messages, "
        f"{errors[1]:.3f} now"
    )
    assert errors[1] < 0.02


def test_one_cause_of_equal_couplings_is_integrated_exactly():
    """Σ_{i<j} w y_i y_j = ∫ N(z) Π: independent labels given z, by a fine sum over z."""
    num_labels, weight = 60, 0.3
    couplings = np.full((num_labels,) * 2, weight)
    np.fill_diagonal(couplings, 0)
    field = PairwiseField(couplings, np.full(num_labels, 0.5))
    unaries = np.random.default_rng(0).normal(0, 1.5, (3, num_labels))
    nodes = np.linspace(-40, 40, 8001)[:, None]
    for row, found in zip(unaries, field.marginals(unaries), strict=True):
        centred = np.sqrt(weight) * nodes * (np.array([0, 1])[:, None, None] - 0.5)
        terms = centred + np.array([0 * row, row])[:, None]
        log_weight = -(nodes[:, 0] ** 2) / 2 + np.logaddexp(*terms).sum(1)
        share = np.exp(log_weight - log_weight.max())
        expected = share @ expit(row + np.sqrt(weight) * nodes) / share.sum()
        assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_rules_hold_in_the_marginals_of_common_causes(seed):
    rules = slow.random_rules(np.random.default_rng(seed), 12)
    loadings = np.random.default_rng(seed).normal(0.7, 0.2, 12)
    couplings = np.where(ruled_pairs(12, rules), 0, np.outer(loadings, loadings))
    np.fill_diagonal(couplings, 0)
    field = PairwiseField(couplings, np.zeros(12), rules)
    unaries = np.random.default_rng(9).normal(0, 1.5, (5, 12)) - couplings.sum(1) / 2
    causes = CommonCauses.of(couplings, rules)
    assert causes is not None
    found = causes.marginals(unaries, couplings)
    assert np.abs(found - field.marginals(unaries)).max() < 0.005
    for group in rules.exclusive:
        assert (found[:, group].sum(1) < 1 + 1e-9).all()
    for group in rules.exactly_one:
        assert found[:, group].sum(1) == pytest.approx(1, abs=1e-9)
    for source, target in rules.implies:
        assert (found[:, source] < found[:, target] + 1e-9).all()


@pytest.mark.parametrize("sign", ["attract", None])
@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5])
def test_attractive_and_frustrated_fields_are_no_worse_than_by_messages(monkeypatch, sign, scale):
    generator = np.random.default_rng(1)
    couplings = slow.random_couplings(generator, 12, scale=scale, sign=sign)
    field = PairwiseField(couplings, np.full(12, 0.5))
    unaries = generator.normal(0, 1, (8, 12))
    exact = field.marginals(unaries)
    monkeypatch.setattr(field_components, "MAX_STATES", 0)
    nearly = PairwiseField(couplings, field.means).marginals(unaries)
    messages = belief_propagation(unaries - couplings @ field.means, couplings, Rules())
    error = np.abs(nearly - exact).mean()
    assert error < np.abs(messages - exact).mean() + 0.002
    assert error < (0.05 if sign == "attract" else 0.2)


def test_told_labels_leave_a_field_that_is_exact():
    field = PairwiseField(
        slow.random_couplings(np.random.default_rng(2), 26, scale=0.5), np.full(26, 0.4)
    )
    unaries = np.random.default_rng(3).normal(0, 1, (2, 26))
    evidence = np.full((2, 26), -1)
    evidence[:, 16:] = np.random.default_rng(4).integers(0, 2, 10)
    assert not field.is_exact
    small = field.couplings[:16, :16]
    shift = field.couplings[:16, 16:] @ (evidence[0, 16:] - 0.4)
    inner = PairwiseField(small, np.full(16, 0.4))
    expected = inner.marginals(unaries[:, :16] + shift)
    assert field.marginals(unaries, evidence)[:, :16] == pytest.approx(expected, abs=1e-9)
    assert (field.mode(unaries, evidence)[:, :16] == inner.mode(unaries[:, :16] + shift)).all()

"""The likelihood of grades against brute force, and what its optimum means."""

import copy
from itertools import pairwise, product

import mpmath
import numpy as np
import pytest
import torch
from torch.nn import functional

from polyhead.losses.cross_entropy import CrossEntropy
from polyhead.losses.cumulative_link import CumulativeLink
from polyhead.metrics.ordinal_meter import middle_grade, quadratic_kappa
from polyhead.tasks.statistics import LabelCounts

COUNTS = LabelCounts(np.array([40.0, 5.0, 20.0, 1.0, 34.0]), np.full(5, 100.0))
SHARES = torch.from_numpy(COUNTS.prior / COUNTS.prior.sum()).float()


def cells(num_rows=12, num_grades=5, seed=0):
    """Scores, grades, known."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(num_rows, 1, generator=generator)
    targets = torch.randint(num_grades, (num_rows,), generator=generator, dtype=torch.int8)
    return logits, targets, torch.rand(num_rows, generator=generator) < 0.7


def brute_force(loss, score, grade):
    """−log P(y = grade) as the definition has it, with two hundred digits."""
    with mpmath.workdps(200):
        first, gaps = mpmath.mpf(loss.first.item()), loss.gaps.tolist()
        edges = [-mpmath.inf, first]
        for gap in gaps:
            edges.append(edges[-1] + mpmath.mpf(gap))
        up_to = [*(1 / (1 + mpmath.exp(mpmath.mpf(score) - edge)) for edge in edges), mpmath.mpf(1)]
        return float(-mpmath.log(up_to[grade + 1] - up_to[grade]))


@pytest.mark.parametrize("size", [1.0, 8.0, 60.0])
def test_it_equals_the_likelihood_as_defined(size):
    loss = CumulativeLink(COUNTS)
    logits, targets, known = cells()
    expected = sum(
        brute_force(loss, score, grade)
        for score, grade, is_known in zip(
            (size * logits)[:, 0].tolist(), targets.tolist(), known.tolist(), strict=True
        )
        if is_known
    )
    assert loss(size * logits, targets, known).item() == pytest.approx(expected, rel=2e-6)
    assert loss.num_terms(targets, known) == known.sum()


def test_its_gradient_equals_finite_differences():
    loss = CumulativeLink(COUNTS).double()
    logits, targets, known = cells()

    def value(scores, raw_gaps):
        return torch.func.functional_call(loss, {"raw_gaps": raw_gaps}, (scores, targets, known))

    leaves = (logits.double().requires_grad_(), loss.raw_gaps.detach().clone().requires_grad_())
    assert torch.autograd.gradcheck(value, leaves)


def test_two_grades_are_a_logistic_regression():
    loss = CumulativeLink(LabelCounts(np.array([30.0, 70.0]), np.full(2, 100.0)))
    logits, targets, known = cells(num_grades=2)
    expected = functional.binary_cross_entropy_with_logits(
        (logits - loss.first)[known, 0], targets[known].float(), reduction="sum"
    )
    torch.testing.assert_close(loss(logits, targets, known), expected)


def test_the_order_may_as_well_be_read_from_the_top():
    loss = CumulativeLink(COUNTS)
    turned = CumulativeLink(LabelCounts(COUNTS.positive[::-1].copy(), COUNTS.known))
    logits, targets, known = cells()
    torch.testing.assert_close(
        turned(-logits, 4 - targets, known), loss(logits, targets, known), rtol=1e-5, atol=0
    )


def test_cutpoints_start_at_the_training_shares_and_ascend_whatever_is_learnt():
    loss = CumulativeLink(COUNTS)
    assert loss.initial_logits().tolist() == [0.0]
    torch.testing.assert_close(loss.dense(loss.initial_logits()[None])["probabilities"][0], SHARES)
    torch.testing.assert_close(loss.cutpoints.sigmoid(), SHARES.cumsum(0)[:-1])
    loss.raw_gaps.data = torch.tensor([-30.0, 0.0, 3.0])
    assert all(low < high for low, high in pairwise(loss.cutpoints.tolist()))
    assert torch.isfinite(loss(*cells()))


@pytest.mark.parametrize("positive", [[0, 5, 0, 1], [0, 0, 0, 9], [10**7, 0, 0, 3]])
def test_grades_never_seen_start_finite(positive):
    counts = LabelCounts(np.array(positive, float), np.full(4, float(sum(positive))))
    loss = CumulativeLink(counts)
    found = loss.dense(loss.initial_logits()[None])["probabilities"][0].detach()
    assert torch.isfinite(loss.cutpoints).all()
    expected = counts.prior / counts.prior.sum()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_a_higher_score_moves_every_probability_up():
    loss = CumulativeLink(COUNTS)
    up_to = loss.dense(torch.linspace(-9, 9, 50)[:, None])["probabilities"].cumsum(1)
    assert (up_to[1:, :-1] <= up_to[:-1, :-1] + 1e-6).all()
    torch.testing.assert_close(up_to[:, -1], torch.ones(50))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_extreme_scores_stay_finite(dtype):
    loss = CumulativeLink(COUNTS)
    logits, targets, known = cells()
    extreme = (logits.sign() * 1e4).to(dtype).requires_grad_()
    value = loss(extreme, targets, known)
    assert value.dtype == torch.float32
    slopes = torch.autograd.grad(value, [extreme, loss.raw_gaps])
    assert all(torch.isfinite(found).all() for found in (value, *slopes))
    assert torch.isfinite(loss.dense(extreme)["probabilities"]).all()


@pytest.mark.parametrize("junk", [float("nan"), float("inf"), -float("inf"), 1e30])
def test_unknown_rows_contribute_exactly_nothing(junk):
    loss = CumulativeLink(COUNTS)
    logits, targets, known = cells()
    spoilt = torch.where(known[:, None], logits, junk).requires_grad_()
    value = loss(spoilt, torch.where(known, targets, -1), known)
    assert torch.equal(value, loss(logits, targets, known))
    slopes = torch.autograd.grad(value, [spoilt, loss.raw_gaps])
    assert (slopes[0][~known] == 0).all()
    kept = logits[known].clone().requires_grad_()
    few = loss(kept, targets[known], known[known])
    expected = torch.autograd.grad(few, [kept, loss.raw_gaps])
    torch.testing.assert_close(slopes[0][known], expected[0])
    torch.testing.assert_close(slopes[1], expected[1])


def test_nothing_known_is_a_loss_of_nothing():
    loss = CumulativeLink(COUNTS)
    logits, targets, known = cells()
    logits.requires_grad_()
    value = loss(logits, targets, known & False)
    assert value == loss.num_terms(targets, known & False) == 0
    assert all((s == 0).all() for s in torch.autograd.grad(value, [logits, loss.raw_gaps]))


def simulated(num_rows=20_000, slope=2.0, cutpoints=(-2.0, 0.0, 0.5)):
    """Grades that the model is true of: (x, y)."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=num_rows)
    hidden = slope * x + generator.logistic(size=num_rows)
    return x, np.searchsorted(cutpoints, hidden)


def fitted(x, y):
    """The slope, bias and loss of the least loss."""
    positive = np.bincount(y, minlength=4).astype(float)
    loss = CumulativeLink(LabelCounts(positive, np.full(4, float(len(y))))).double()
    weights = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)
    known = torch.ones(len(y), dtype=torch.bool)
    optimizer = torch.optim.LBFGS(
        [weights, loss.raw_gaps], max_iter=200, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        scores = (weights[0] * inputs + weights[1])[:, None]
        value = loss(scores, targets, known) / len(y)
        value.backward()
        return value

    optimizer.step(closure)
    return weights.detach(), loss


def test_where_the_model_is_true_its_optimum_is_the_truth():
    (slope, bias), loss = fitted(*simulated())
    assert slope.item() == pytest.approx(2.0, abs=0.06)
    cutpoints = (loss.cutpoints - bias).tolist()
    assert cutpoints == pytest.approx([-2.0, 0.0, 0.5], abs=0.06)


def test_a_temperature_is_undone_on_log_probabilities():
    loss = CumulativeLink(COUNTS)
    logits, _, _ = cells()
    plain = loss.link(logits)
    loss.calibrate(2.0)
    expected = plain.sqrt() / plain.sqrt().sum(1, keepdim=True)
    torch.testing.assert_close(loss.link(logits), expected)


def test_the_shares_that_a_sampler_showed_are_undone():
    # As many of each grade as of the rarest, then asked for the shares of all.
    x, y = simulated()
    counts = np.bincount(y)
    shown = np.concatenate([np.flatnonzero(y == grade)[: counts.min()] for grade in range(4)])
    (slope, bias), loss = fitted(x[shown], y[shown])
    scores = (slope * torch.from_numpy(x) + bias)[:, None]
    before = loss.link(scores).mean(0).detach()
    labels = (y[:, None] == np.arange(4)).astype(np.int8)
    loss.undo_sampling(labels, np.bincount(shown, minlength=len(y)))
    after = loss.link(scores).mean(0).detach()
    np.testing.assert_allclose(after, counts / len(y), atol=0.02)
    assert (before - torch.from_numpy(counts / len(y))).abs().max() > 0.05


def test_what_the_link_needs_travels_in_the_state():
    loss, blank = CumulativeLink(COUNTS), CumulativeLink(LabelCounts(np.zeros(5), np.zeros(5)))
    loss.calibrate(1.5)
    blank.load_state_dict(copy.deepcopy(loss.state_dict()), strict=True)
    logits, targets, known = cells()
    assert torch.equal(blank.link(logits), loss.link(logits))
    assert torch.equal(blank(logits, targets, known), loss(logits, targets, known))


def graded_features(seed, num_rows, num_features=20):
    """Features, and grades by a line through them."""
    generator = np.random.default_rng(seed)
    line = np.random.default_rng(99).normal(size=num_features) / num_features**0.5
    features = generator.normal(size=(num_rows, num_features))
    hidden = 2.5 * features @ line + generator.logistic(size=num_rows)
    return features, np.searchsorted([-2.5, -1.0, 1.0, 2.5], hidden)


def test_of_few_images_it_learns_grades_better_than_a_class_does():
    figures = {CumulativeLink: [], CrossEntropy: []}
    unseen, truth = graded_features(1000, 4000)
    for seed, kind in product(range(8), figures):
        features, grades = graded_features(seed, 120)
        counts = LabelCounts(np.bincount(grades, minlength=5).astype(float), np.full(5, 120.0))
        loss = kind(counts)
        layer = torch.nn.Linear(20, len(loss.initial_logits()))
        inputs, targets = torch.from_numpy(features).float(), torch.from_numpy(grades)
        optimizer = torch.optim.LBFGS([*layer.parameters(), *loss.parameters()], max_iter=60)

        def closure(loss=loss, layer=layer, inputs=inputs, targets=targets, step=optimizer):
            step.zero_grad()
            known = torch.ones(len(targets), dtype=torch.bool)
            value = loss(layer(inputs), targets, known) / len(targets)
            (value + 0.01 * layer.weight.square().sum()).backward()
            return value

        optimizer.step(closure)
        with torch.no_grad():
            found = loss.link(layer(torch.from_numpy(unseen).float())).numpy()
        predicted = middle_grade(found)
        likelihood = -np.log(found[np.arange(len(truth)), truth]).mean()
        figures[kind].append(
            (quadratic_kappa(predicted, truth), -np.abs(predicted - truth).mean(), -likelihood)
        )
    ahead = np.array(figures[CumulativeLink]) - np.array(figures[CrossEntropy])
    assert (ahead.mean(0) > 0.02).all(), ahead
    assert ((ahead > 0).sum(0) >= 7).all(), ahead

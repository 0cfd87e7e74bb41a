"""Losses of numbers against PyTorch, and what their optimum means."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from torch.distributions import Normal as TorchNormal
from torch.distributions import Poisson as TorchPoisson
from torch.nn import functional

from polyhead.losses import Huber, Normal, Poisson
from polyhead.tasks.statistics import NumberStatistics

STATISTICS = NumberStatistics(mean=12.0, std=4.0)


def rows(width: int, num_rows: int = 20, seed: int = 0):
    """Logits, counts around the mean, known."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(num_rows, width, generator=generator)
    targets = torch.poisson(torch.full((num_rows,), STATISTICS.mean), generator=generator)
    return logits, targets, torch.rand(num_rows, generator=generator) < 0.7


def optimum(loss, targets: torch.Tensor) -> dict[str, float]:
    """What the logits of the least mean loss over these targets mean."""
    known = torch.ones(len(targets), dtype=torch.bool)
    loss = loss.double()

    def risk(z):
        logits = torch.tensor(z, dtype=torch.float64, requires_grad=True)
        value = loss(logits.expand(len(targets), -1), targets, known) / len(targets)
        value.backward()
        return value.item(), logits.grad.numpy()

    found = minimize(
        risk,
        loss.initial_logits().double().numpy(),
        jac=True,
        method="BFGS",
        options={"gtol": 1e-7},
    )
    dense = loss.dense(torch.tensor(found.x)[None])
    return {key: value.item() for key, value in dense.items()}


class TestHuber:
    @pytest.mark.parametrize("delta", [0.5, 1.0, 3.0])
    def test_it_equals_torch_on_standardised_numbers(self, delta):
        loss = Huber(STATISTICS, delta=delta)
        logits, targets, known = rows(1)
        standardised = (targets[known] - 12) / 4
        expected = functional.huber_loss(
            logits[known, 0], standardised, delta=delta, reduction="sum"
        )
        torch.testing.assert_close(loss(logits, targets, known), expected)
        assert loss.num_terms(targets, known) == known.sum()

    def test_the_answer_is_in_the_unit_of_the_labels(self):
        dense = Huber(STATISTICS).dense(torch.tensor([[0.0], [1.0], [-2.0]]))
        assert dense["value"].tolist() == [12.0, 16.0, 4.0]
        assert list(dense) == ["value"]

    def test_its_optimum_is_the_mean_while_errors_are_small(self):
        targets = torch.tensor([9.0, 12.0, 13.0, 14.0])
        assert optimum(Huber(STATISTICS, delta=9.0), targets)["value"] == pytest.approx(12, 1e-4)

    def test_its_optimum_heeds_an_outlier_little(self):
        targets = torch.tensor([10.0] * 9 + [1e4])
        assert optimum(Huber(STATISTICS), targets)["value"] < 11

    @pytest.mark.parametrize("delta", [0.0, -1.0])
    def test_a_width_that_is_not_positive_is_refused(self, delta):
        with pytest.raises(ValueError, match="`delta` should be strictly positive"):
            Huber(STATISTICS, delta=delta)


class TestNormal:
    def test_plain_it_equals_torchs_likelihood_up_to_a_constant(self):
        loss = Normal(STATISTICS, beta=0.0)
        logits, targets, known = rows(2)
        distribution = TorchNormal(logits[:, 0], logits[:, 1].exp())
        negative = -distribution.log_prob((targets - 12) / 4) - 0.5 * np.log(2 * np.pi)
        torch.testing.assert_close(loss(logits, targets, known), negative[known].sum())

    @pytest.mark.parametrize("beta", [0.25, 1.0])
    def test_beta_weighs_each_row_by_its_spread(self, beta):
        logits, targets, known = rows(2)
        plain, weighted = Normal(STATISTICS, beta=0.0), Normal(STATISTICS, beta=beta)
        expected = plain.rows(logits, targets) * logits[:, 1].exp() ** (2 * beta)
        torch.testing.assert_close(weighted.rows(logits, targets), expected)
        assert weighted(logits, targets, known) != plain(logits, targets, known)

    def test_the_weight_is_not_differentiated(self):
        logits, targets, known = rows(2)
        logits.requires_grad_()
        (plain,) = torch.autograd.grad(Normal(STATISTICS, beta=0.0)(logits, targets, known), logits)
        (found,) = torch.autograd.grad(Normal(STATISTICS, beta=0.5)(logits, targets, known), logits)
        torch.testing.assert_close(found, plain * logits.detach()[:, 1:].exp())

    def test_with_beta_1_the_mean_learns_as_with_squares(self):
        logits, targets, known = rows(2)
        logits.requires_grad_()
        (found,) = torch.autograd.grad(Normal(STATISTICS, beta=1.0)(logits, targets, known), logits)
        expected = torch.where(known, logits.detach()[:, 0] - (targets - 12) / 4, 0.0)
        torch.testing.assert_close(found[:, 0], expected)

    @pytest.mark.parametrize("beta", [0.5, 1.0])
    def test_the_optimum_is_that_of_the_plain_likelihood(self, beta):
        targets = torch.tensor([3.0, 7.0, 20.0, 22.0, 30.0])
        best = torch.stack([(targets.mean() - 12) / 4, (targets.std(correction=0) / 4).log()])
        logits = best.expand(5, 2).clone().requires_grad_()
        loss = Normal(STATISTICS, beta=beta)
        value = loss(logits, targets, torch.ones(5, dtype=torch.bool))
        (found,) = torch.autograd.grad(value, logits)
        assert found.abs().min() > 0
        torch.testing.assert_close(found.sum(0), torch.zeros(2), rtol=0, atol=1e-4)

    def test_its_optimum_is_mean_and_spread(self):
        targets = torch.tensor([3.0, 7.0, 20.0, 22.0, 30.0])
        found = optimum(Normal(STATISTICS, beta=0.0), targets)
        assert found["value"] == pytest.approx(targets.mean().item(), rel=1e-3)
        half = TorchNormal(0.0, targets.std(correction=0)).icdf(torch.tensor(0.9)).item()
        assert found["high"] - found["value"] == pytest.approx(half, rel=1e-3)
        assert found["value"] - found["low"] == pytest.approx(half, rel=1e-3)

    def test_the_interval_holds_80_percent_of_the_training_part_at_the_start(self):
        loss = Normal(STATISTICS)
        dense = loss.dense(loss.initial_logits()[None])
        distribution = TorchNormal(12.0, 4.0)
        assert distribution.cdf(dense["low"]).item() == pytest.approx(0.1, abs=1e-5)
        assert distribution.cdf(dense["high"]).item() == pytest.approx(0.9, abs=1e-5)

    @pytest.mark.parametrize("beta", [-0.1, 1.1])
    def test_beta_outside_its_range_is_refused(self, beta):
        with pytest.raises(ValueError, match=r"`beta` should be in \[0, 1\]"):
            Normal(STATISTICS, beta=beta)


class TestPoisson:
    def test_it_equals_torchs_likelihood_up_to_what_no_rate_changes(self):
        loss = Poisson(STATISTICS)
        logits, targets, known = rows(1)
        rate = 12 * logits[:, 0].exp()
        negative = -TorchPoisson(rate).log_prob(targets) - torch.lgamma(targets + 1)
        best = -TorchPoisson(targets).log_prob(targets) - torch.lgamma(targets + 1)
        expected = (negative - best)[known].sum() * 12 / 4**2
        torch.testing.assert_close(loss(logits, targets, known), expected)

    def test_the_answer_is_the_rate(self):
        dense = Poisson(STATISTICS).dense(torch.tensor([[0.0], [np.log(2.0)]]))
        torch.testing.assert_close(dense["value"], torch.tensor([12.0, 24.0]))

    @pytest.mark.parametrize("mean", [0.0, 0.3, 12.0, 400.0])
    def test_its_optimum_is_the_mean_count(self, mean):
        targets = torch.tensor([0.0, 1.0, 4.0, 7.0])
        found = optimum(Poisson(NumberStatistics(mean, 1.0)), targets)
        assert found["value"] == pytest.approx(3, rel=1e-3)

    def test_counts_of_any_size_weigh_about_alike(self):
        for mean, std in ((2.0, 1.0), (2e4, 150.0), (2e4, 8e3)):
            loss = Poisson(NumberStatistics(mean, std))
            logits = torch.zeros(1, 1, requires_grad=True)
            known, target = torch.tensor([True]), torch.tensor([mean + 2 * std])
            (slope,) = torch.autograd.grad(loss(logits, target, known), logits)
            # One standard deviation is a change of std / mean in the log of the rate.
            assert slope.item() * std / mean == pytest.approx(-2, rel=1e-3)

    def test_a_training_part_without_any_starts_near_none(self):
        loss = Poisson(NumberStatistics(0.0, 1.0))
        assert loss.dense(loss.initial_logits()[None])["value"].item() == pytest.approx(1e-3)


class TestLearntError:
    @pytest.mark.parametrize("loss", [Huber(STATISTICS, delta=9.0), Poisson(STATISTICS)])
    def test_the_best_is_the_root_mean_square_error_and_slopes_are_of_its_unit(self, loss):
        generator = torch.Generator().manual_seed(0)
        logits = 0.06 * torch.randn(500, 1, generator=generator)
        logits.requires_grad_()
        targets, known = torch.full((500,), 12.0), torch.ones(500, dtype=torch.bool)
        optimizer = torch.optim.Adam([loss.log_error], 0.02)
        for _ in range(400):
            optimizer.zero_grad()
            (loss(logits.detach(), targets, known) / 500).backward()
            optimizer.step()
        with torch.no_grad():
            error = (loss.dense(logits)["value"] - 12) / 4
        size = error.square().mean().sqrt()
        assert torch.exp(10 * loss.log_error).item() == pytest.approx(size.item(), rel=0.02)
        (slopes,) = torch.autograd.grad(loss(logits, targets, known), logits)
        unit = 1.0 if isinstance(loss, Huber) else 12 / 4  # of a logit, in standard deviations
        assert slopes.square().mean().sqrt().item() / unit == pytest.approx(1, rel=0.03)

    def test_it_moves_no_best_answer(self):
        targets = torch.tensor([9.0, 12.0, 13.0, 15.0])
        known = torch.ones(4, dtype=torch.bool)
        loss = Poisson(STATISTICS)
        for log_error in (0.0, -0.15):
            loss.log_error.data.fill_(log_error)
            logits = torch.zeros(1, 1, requires_grad=True)
            logits.data.fill_(np.log(targets.mean().item() / 12))
            value = loss(logits.expand(4, 1), targets, known)
            (slope,) = torch.autograd.grad(value, logits)
            assert slope.item() == pytest.approx(0, abs=1e-4)

    def test_a_likelihood_with_its_own_spread_has_none(self):
        assert Normal(STATISTICS).log_error is None


class TestStatistics:
    @given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=30, unique=True))
    def test_they_are_mean_and_standard_deviation(self, numbers):
        found = NumberStatistics.of(np.array(numbers, np.float32))
        assert found.mean == pytest.approx(np.mean(numbers), abs=1e-6)
        assert found.std == pytest.approx(np.std(numbers), rel=1e-6)

    @pytest.mark.parametrize("number", [0.0, 0.1, 1e30, 123456.7])
    def test_equal_numbers_have_no_spread_to_divide_by(self, number):
        found = NumberStatistics.of(np.full(1001, number, np.float32))
        assert found.std == 1.0
        loss = Huber(found)
        targets = torch.full((3,), number)
        known = torch.ones(3, dtype=torch.bool)
        assert torch.isfinite(loss(torch.zeros(3, 1), targets, known))
        assert loss.dense(torch.zeros(1, 1))["value"].item() == pytest.approx(number)

    def test_nothing_known_is_0_and_1(self):
        assert NumberStatistics.of(np.zeros(0)) == NumberStatistics(0.0, 1.0)

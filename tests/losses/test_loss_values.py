"""Losses against PyTorch and closed forms, and what their optimum means."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from label_cells import COUNTS, NUM_CLASSES, cells
from scipy.optimize import minimize
from torch.nn import functional

from polyhead.losses import Bce, CrossEntropy, Softmax
from polyhead.tasks.statistics import LabelCounts

P = st.floats(0.02, 0.98)


def optimum(loss, targets: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Logits of the least expected loss when each row of targets comes with its share."""
    num_outputs = len(loss.initial_logits())
    known = torch.ones_like(targets, dtype=torch.bool)

    def risk(z):
        logits = torch.tensor(z, dtype=torch.float32, requires_grad=True)
        rows = [
            share * loss(logits[None], target[None], k[None])
            for share, target, k in zip(shares, targets, known, strict=True)
        ]
        value = torch.stack(rows).sum()
        (gradient,) = torch.autograd.grad(value, logits)
        return value.item(), gradient.double().numpy()

    start = np.zeros(num_outputs)
    found = minimize(risk, start, jac=True, method="BFGS", options={"gtol": 1e-5})
    return torch.tensor(found.x, dtype=torch.float32)


class TestBce:
    @pytest.mark.parametrize("weight", [1.0, 0.25, 7.0])
    def test_it_equals_torch_over_known_cells(self, weight):
        loss = Bce(COUNTS, pos_weight=weight)
        logits, targets, known = cells(loss)
        expected = functional.binary_cross_entropy_with_logits(
            logits[known],
            targets[known].float(),
            pos_weight=torch.tensor(weight),
            reduction="sum",
        )
        torch.testing.assert_close(loss(logits, targets, known), expected)
        assert loss.num_terms(targets, known) == known.sum()

    def test_auto_weighs_by_the_odds_of_a_no_between_1_and_20(self):
        loss = Bce(COUNTS, pos_weight="auto")
        odds = (COUNTS.known - COUNTS.positive + 0.5) / (COUNTS.positive + 0.5)
        expected = np.clip(odds, 1, 20)
        assert expected.min() == odds.min() or 1.0 in expected
        np.testing.assert_allclose(loss.log_weight.exp().numpy(), expected, rtol=1e-6)
        assert 20.0 in expected

    @pytest.mark.parametrize("weight", [0.0, -1.0])
    def test_a_weight_that_is_not_positive_is_refused(self, weight):
        with pytest.raises(ValueError, match="strictly positive or auto"):
            Bce(COUNTS, pos_weight=weight)

    @given(p=P, weight=st.sampled_from([1.0, 0.3, 5.0]))
    def test_at_the_optimum_the_link_gives_the_probability(self, p, weight):
        loss = Bce(LabelCounts(np.zeros(1), np.zeros(1)), pos_weight=weight)
        z = optimum(loss, torch.tensor([[1], [0]]), torch.tensor([p, 1 - p]))
        assert loss.link(z[None])[0, 0].item() == pytest.approx(p, abs=1e-3)


class TestCrossEntropy:
    @pytest.mark.parametrize("smoothing", [0.0, 0.1])
    def test_it_equals_torch_over_known_rows(self, smoothing):
        loss = CrossEntropy(COUNTS, label_smoothing=smoothing)
        logits, targets, known = cells(loss)
        expected = functional.cross_entropy(
            logits[known], targets[known].long(), label_smoothing=smoothing, reduction="sum"
        )
        torch.testing.assert_close(loss(logits, targets, known), expected)
        assert loss.num_terms(targets, known) == known.sum()

    def test_weighted_it_equals_torchs_weighted_mean(self):
        loss = CrossEntropy(COUNTS, class_weights="auto")
        logits, targets, known = cells(loss)
        inverse = torch.tensor(1 / COUNTS.prior).float()
        expected = functional.cross_entropy(
            logits[known], targets[known].long(), weight=inverse, reduction="mean"
        )
        found = loss(logits, targets, known) / loss.num_terms(targets, known)
        torch.testing.assert_close(found, expected)
        assert loss.weight.mean().item() == pytest.approx(1)

    @pytest.mark.parametrize("smoothing", [-0.1, 1.0])
    def test_smoothing_outside_its_range_is_refused(self, smoothing):
        with pytest.raises(ValueError, match=r"in \[0, 1\). Found"):
            CrossEntropy(COUNTS, label_smoothing=smoothing)

    @pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
    @pytest.mark.parametrize("weights", ["none", "auto"])
    @pytest.mark.parametrize("p", [(0.5, 0.3, 0.2), (0.9, 0.06, 0.04), (1 / 3, 1 / 3, 1 / 3)])
    def test_at_the_optimum_the_link_gives_the_probabilities(self, smoothing, weights, p):
        counts = LabelCounts(np.array([50.0, 30.0, 20.0]), np.full(3, 100.0))
        loss = CrossEntropy(counts, label_smoothing=smoothing, class_weights=weights)
        z = optimum(loss, torch.arange(3), torch.tensor(p))
        np.testing.assert_allclose(loss.link(z[None])[0].numpy(), p, atol=2e-3)

    def test_probabilities_sum_to_1_also_with_many_classes_and_smoothing(self):
        counts = LabelCounts(np.ones(100_000), np.full(100_000, 1e5))
        loss = CrossEntropy(counts, label_smoothing=0.1)
        logits = torch.zeros(1, 100_000)
        logits[0, 7] = 30.0
        found = loss.link(logits)[0]
        assert found.sum().item() == pytest.approx(1, abs=1e-4)
        assert found[7] > 0.999


class TestSoftmax:
    def test_it_equals_the_closed_form(self):
        loss = Softmax(COUNTS)
        logits, targets, known = cells(loss)
        expected = 0.0
        for z, y, k in zip(logits.detach().double(), targets, known, strict=True):
            chosen = k & (y > 0)
            if chosen.any():
                expected -= (z[chosen].mean() - torch.logsumexp(z[k], 0)).item()
        assert loss(logits, targets, known).item() == pytest.approx(expected, rel=1e-5)

    def test_fully_known_it_equals_torchs_soft_cross_entropy(self):
        loss = Softmax(COUNTS)
        logits, targets, _ = cells(loss, num_rows=30)
        targets[:, 0] = 1
        shares = targets / targets.sum(1, keepdim=True)
        expected = functional.cross_entropy(logits, shares, reduction="sum")
        torch.testing.assert_close(loss(logits, targets, torch.ones_like(targets) > 0), expected)

    def test_rows_without_a_known_yes_teach_nothing(self):
        loss = Softmax(COUNTS)
        targets = torch.tensor([[0] * NUM_CLASSES, [1] + [0] * (NUM_CLASSES - 1)])
        known = torch.ones_like(targets, dtype=torch.bool)
        assert loss.num_terms(targets, known) == 1
        known[1, 0] = False
        assert loss.num_terms(targets, known) == 0
        assert loss(torch.randn(2, NUM_CLASSES), targets, known) == 0

    def test_the_optimum_is_the_share_of_label_mass(self):
        rows = torch.tensor([[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1]])
        shares = torch.tensor([0.4, 0.3, 0.2, 0.1])
        loss = Softmax(LabelCounts(np.zeros(3), np.zeros(3)))
        expected = (shares[:, None] * rows / rows.sum(1, keepdim=True)).sum(0)
        found = loss.link(optimum(loss, rows, shares)[None])[0]
        np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=2e-3)


def test_the_prior_is_smoothed():
    counts = LabelCounts(np.array([0, 10, 3]), np.array([0, 10, 6]))
    np.testing.assert_allclose(counts.prior, [0.5, 10.5 / 11, 0.5])

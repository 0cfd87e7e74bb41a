"""What the logits of losses with focusing stand for: where the expected loss is stationary."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from polyhead.losses import LOSSES, TagsLoss
from polyhead.losses.tags.pointwise import PointwiseLoss
from polyhead.tasks.statistics import LabelCounts

ONE = LabelCounts(np.zeros(1), np.zeros(1))
LINKED = [
    ("bce", {"pos_weight": 3.0}),
    ("class_balanced", {}),
    ("focal", {}),
    ("focal", {"gamma": 5.0, "alpha": 0.5}),
    ("focal", {"gamma": 0.5}),
    ("asymmetric", {}),
    ("asymmetric", {"detach": False}),
    ("asymmetric", {"gamma_pos": 1.0}),
    ("asymmetric", {"gamma_pos": 1.0, "detach": False}),
    ("asymmetric", {"gamma_neg": 7.0}),
    ("asymmetric", {"gamma_neg": 2.0, "margin": 0.0}),
    ("asymmetric", {"gamma_neg": 2.0, "gamma_pos": 1.0, "margin": 0.0, "detach": False}),
    ("hill", {}),
    ("hill", {"margin": 0.0}),
]
sweep = pytest.mark.parametrize(("name", "options"), LINKED)


def build(name, options) -> TagsLoss:
    return LOSSES[name](ONE, **options)


def slope(loss: PointwiseLoss, z: float, share: float) -> float:
    """d/dz of the expected loss of a cell that is yes with this share, by autograd in fp64."""
    logit = torch.tensor([[z]], dtype=torch.float64, requires_grad=True)
    cost = loss.cells(logit, torch.tensor([[share]], dtype=torch.float64))
    return torch.autograd.grad(cost.sum(), logit)[0].item()


def reachable(name, options, share: float) -> bool:
    """Whether the expected loss has its optimum at a finite logit."""
    if name != "asymmetric" or options.get("gamma_pos"):
        return True
    margin, gamma = options.get("margin", 0.05), options.get("gamma_neg", 4.0)
    return not margin or share / (1 - share) < (1 - margin) ** gamma / margin


@sweep
@pytest.mark.parametrize("share", [1e-4, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999])
def test_where_the_expected_loss_is_stationary_the_log_odds_are_those_of_the_share(
    name, options, share
):
    loss = build(name, options)
    if not reachable(name, options, share):
        pytest.skip("its optimum is at infinity")
    logit = brentq(lambda z: slope(loss, z, share), -30, 30, xtol=1e-13)
    found = loss.log_odds(torch.tensor([[logit]], dtype=torch.float64)).item()
    assert found == pytest.approx(math.log(share / (1 - share)), abs=1e-6)


@sweep
def test_log_odds_rise_with_the_logit(name, options):
    loss = build(name, options)
    logits = torch.linspace(-90, 90, 4001, dtype=torch.float64)[:, None]
    found = loss.log_odds(logits)
    assert torch.isfinite(found).all()
    assert (found.diff(dim=0) >= -1e-12).all()
    visible = (logits.abs() < 12)[:-1] & (logits.abs() < 12)[1:]
    assert (found.diff(dim=0)[visible] > 0).all()


@sweep
def test_log_odds_in_single_precision_are_those_in_double(name, options):
    loss = build(name, options)
    logits = torch.linspace(-14, 14, 801)[:, None]
    double = loss.log_odds(logits.double())
    torch.testing.assert_close(loss.log_odds(logits).double(), double, rtol=1e-4, atol=2e-4)


@sweep
def test_log_odds_have_a_finite_gradient(name, options):
    loss = build(name, options)
    logits = torch.linspace(-80, 80, 1601)[:, None].requires_grad_()
    (found,) = torch.autograd.grad(loss.log_odds(logits).sum(), logits)
    assert torch.isfinite(found).all()
    assert (found >= 0).all()


@sweep
@settings(max_examples=15)
@given(share=st.floats(1e-5, 0.9))
def test_training_starts_where_the_link_gives_the_prior(name, options, share):
    counts = LabelCounts(np.array([share * 1e7]), np.array([1e7]))
    loss = LOSSES[name](counts, **options)
    found = loss.link(loss.initial_logits()[None]).item()
    assert found == pytest.approx(float(counts.prior[0]), rel=1e-3)


@pytest.mark.parametrize(
    ("name", "options", "p"),
    [
        ("asymmetric", {}, 0.799),
        ("asymmetric", {"gamma_neg": 7.0}, 0.858),
        ("asymmetric", {"gamma_pos": 1.0}, 0.687),
        ("hill", {}, 0.937),
        ("focal", {}, 0.399),
    ],
)
def test_even_odds_are_where_papers_put_their_thresholds(name, options, p):
    found = build(name, options).link(torch.logit(torch.tensor([[p]]))).item()
    assert found == pytest.approx(0.5, abs=0.005)


def test_surer_than_its_ceiling_an_asymmetric_loss_cannot_be():
    loss = build("asymmetric", {})
    ceiling = math.log(0.95**4 / 0.05)
    found = loss.log_odds(torch.tensor([[1e4]], dtype=torch.float64)).item()
    assert found == pytest.approx(ceiling, abs=1e-6)
    assert all(slope(loss, z, 0.95) < 0 for z in np.linspace(-20, 20, 81))


def test_a_label_in_nearly_every_image_starts_where_it_can_still_be_unlearnt():
    counts = LabelCounts(np.array([99_999.0]), np.array([100_000.0]))
    loss = LOSSES["asymmetric"](counts)
    assert loss.initial_logits().item() == 6.0
    assert slope(loss, 6.0, 0.0) > 0.01


@pytest.mark.parametrize("margin", [0.0, 0.7, 1.5])
def test_margins_of_hill_keep_the_order_of_logits(margin):
    logits = torch.linspace(-15, 15, 601)[:, None]
    log_odds = build("hill", {"margin": margin}).log_odds(logits)
    assert (log_odds.diff(dim=0) > 0).all()


@pytest.mark.parametrize("margin", [-0.1, 1.6, float("nan")])
def test_margins_of_hill_without_an_inverse_link_are_refused(margin):
    with pytest.raises(ValueError, match=r"between 0 and 1\.5"):
        build("hill", {"margin": margin})

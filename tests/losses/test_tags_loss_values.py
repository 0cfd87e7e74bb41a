"""Losses of tags against independent implementations and closed forms."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from label_cells import COUNTS, NUM_CLASSES, cells, gradient
from timm.loss import AsymmetricLossMultiLabel
from torch.nn import functional
from torchvision.ops import sigmoid_focal_loss

from polyhead.losses import (
    LOSSES,
    Asymmetric,
    Bce,
    ClassBalanced,
    DistributionBalanced,
    Focal,
    Hill,
    Splc,
    TwoWay,
    Zlpr,
)
from polyhead.tasks.statistics import LabelCounts

TAGS_LOSSES = [name for name, loss in LOSSES.items() if loss.task_type == "tags"]
SOFT = [name for name in TAGS_LOSSES if name not in ("softmax", "two_way", "zlpr")]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def known_cells(loss):
    """Logits, targets and known cells in numpy, fp64."""
    logits, targets, known = cells(loss)
    return logits.detach().double().numpy(), targets.numpy(), known.numpy()


@pytest.mark.parametrize(("gamma", "alpha"), [(2.0, 0.25), (0.0, 0.5), (3.5, 0.9)])
def test_focal_equals_torchvisions(gamma, alpha):
    loss = Focal(COUNTS, gamma=gamma, alpha=alpha)
    logits, targets, known = cells(loss)
    expected = sigmoid_focal_loss(
        logits[known], targets[known].float(), alpha=alpha, gamma=gamma, reduction="sum"
    )
    torch.testing.assert_close(loss(logits, targets, known), expected)


def test_without_focusing_focal_is_half_of_bce():
    loss, bce = Focal(COUNTS, gamma=0.0, alpha=0.5), Bce(COUNTS)
    arguments = cells(bce)
    torch.testing.assert_close(2 * loss(*arguments), bce(*arguments))


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize(
    ("negative", "positive", "margin"), [(4, 0, 0.05), (7, 1, 0.05), (2, 1, 0)]
)
def test_asymmetric_and_its_gradient_equal_timms(detach, negative, positive, margin):
    loss = Asymmetric(COUNTS, gamma_neg=negative, gamma_pos=positive, margin=margin, detach=detach)
    peer = AsymmetricLossMultiLabel(
        gamma_neg=negative,
        gamma_pos=positive,
        clip=margin,
        disable_torch_grad_focal_loss=detach,
        reduction="sum",
    )
    logits, targets, _ = cells(loss, num_rows=40)
    everything = torch.ones_like(targets, dtype=torch.bool)
    expected = peer(logits, targets)
    torch.testing.assert_close(loss(logits, targets, everything), expected, rtol=1e-5, atol=1e-5)
    (slopes,) = torch.autograd.grad(expected, logits)
    found = gradient(loss, logits, targets, everything)
    torch.testing.assert_close(found, slopes, rtol=1e-4, atol=1e-6)


def test_without_focusing_and_margin_asymmetric_is_bce():
    loss, bce = Asymmetric(COUNTS, gamma_neg=0.0, margin=0.0), Bce(COUNTS)
    arguments = cells(bce)
    torch.testing.assert_close(loss(*arguments), bce(*arguments))
    logits = arguments[0]
    torch.testing.assert_close(loss.log_odds(logits), logits)


def test_noes_within_the_margin_teach_nothing_and_surest_ones_stay_bounded():
    loss = Asymmetric(COUNTS, gamma_neg=0.0)
    logits = torch.tensor([[-3.0, -80.0, 80.0, 1e4, 0.0]])
    targets, known = torch.zeros(1, 5), torch.ones(1, 5, dtype=torch.bool)
    found = gradient(loss, logits, targets, known)
    assert (found[0, :2] == 0).all()
    assert loss(logits[:, 2:4], targets[:, 2:4], known[:, 2:4]).item() == pytest.approx(
        -2 * np.log(0.05), rel=1e-5
    )


def test_hill_equals_its_closed_form():
    loss = Hill(COUNTS)
    z, y, k = known_cells(loss)
    p, q = sigmoid(z), sigmoid(z - 1)
    expected = np.where(y, -((1 - q) ** 2) * np.log(q), (1.5 - p) * p**2)[k].sum()
    assert loss(*cells(loss)).item() == pytest.approx(expected, rel=1e-5)


def test_hill_pulls_less_at_noes_that_look_like_missed_yeses():
    loss = Hill(COUNTS)
    logits = torch.tensor([[1.0, 2.0, 4.0, 8.0, -4.0]])
    found = gradient(loss, logits, torch.zeros(1, 5), torch.ones(1, 5, dtype=torch.bool))[0]
    assert found[0] > found[1] > found[2] > found[3] > 0


@pytest.mark.parametrize(
    ("share", "corrects"), [(0.0, False), (0.09, False), (0.1, True), (1, True)]
)
def test_splc_equals_its_closed_form_and_corrects_after_a_share_of_training(share, corrects):
    loss = Splc(COUNTS)
    z, y, k = known_cells(loss)
    p, q = sigmoid(z), sigmoid(z - 1)
    no = -(p**2) * np.log(1 - p)
    if corrects:
        no = np.where(p > 0.6, -((1 - p) ** 2) * np.log(p), no)
    expected = np.where(y, -((1 - q) ** 2) * np.log(q), no)[k].sum()
    loss.set_progress(share)
    assert loss(*cells(loss)).item() == pytest.approx(expected, rel=1e-5)


def test_zlpr_equals_its_closed_form():
    loss = Zlpr(COUNTS)
    expected = 0.0
    for z, y, k in zip(*known_cells(loss), strict=True):
        no, yes = np.exp(z[k & (y == 0)]).sum(), np.exp(-z[k & (y == 1)]).sum()
        expected += np.log1p(no) + np.log1p(yes)
    logits, targets, known = cells(loss)
    assert loss(logits, targets, known).item() == pytest.approx(expected, rel=1e-5)
    assert loss.num_terms(targets, known) == known.any(1).sum()


def test_zlpr_of_one_label_is_bce():
    one = LabelCounts(np.array([3.0]), np.array([9.0]))
    logits, targets = torch.randn(8, 1), torch.randint(2, (8, 1))
    known = torch.ones(8, 1, dtype=torch.bool)
    expected = Bce(one)(logits, targets, known)
    torch.testing.assert_close(Zlpr(one)(logits, targets, known), expected)


def test_zlpr_weighs_by_a_soft_target():
    loss = Zlpr(LabelCounts(np.array([3.0]), np.array([9.0])))
    found = loss(torch.tensor([[1.5]]), torch.tensor([[0.25]]), torch.tensor([[True]]))
    expected = np.log1p(0.75 * np.exp(1.5)) + np.log1p(0.25 * np.exp(-1.5))
    assert found.item() == pytest.approx(expected, rel=1e-6)


def lse(values):
    return np.log(np.exp(values).sum())


def two_way(z, y, k, dim):
    """Mean over lines with a yes and a no, one by one."""
    costs = []
    for line_z, line_y, line_k in zip(*(x if dim else x.T for x in (z, y, k)), strict=True):
        yes, no = line_z[line_k & (line_y == 1)], line_z[line_k & (line_y == 0)]
        if len(yes) and len(no):
            costs.append(np.log1p(np.exp(lse(no) + 4 * lse(-yes / 4))))
    return np.mean(costs) if costs else 0.0


@pytest.mark.parametrize("share_known", [1.0, 0.6, 0.15])
def test_two_way_equals_its_closed_form(share_known):
    loss = TwoWay(COUNTS)
    logits, targets, known = cells(loss, share_known=share_known)
    arrays = [x.detach().numpy() for x in (logits.double(), targets, known)]
    expected = two_way(*arrays, 0) + two_way(*arrays, 1)
    found = loss(logits, targets, known) / loss.num_terms(targets, known)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_two_way_lets_no_large_logit_of_an_unknown_cell_leak():
    loss = TwoWay(COUNTS)
    logits = torch.tensor([[500.0, 1.0, -1.0, 0.0, 2.0], [0.0, 300.0, 1.0, 2.0, 3.0]])
    targets = torch.tensor([[0, 1, 0, 1, 0], [1, 0, 0, 0, 1]])
    known = torch.tensor([[False, True, True, True, True], [True, False, True, True, True]])
    assert loss(logits, targets, known).item() < 20


def test_two_way_counts_nothing_where_nothing_can_be_compared():
    loss = TwoWay(COUNTS)
    logits, targets, known = cells(loss)
    assert loss.num_terms(torch.ones_like(targets), known) == 0
    found = gradient(loss, logits, torch.ones_like(targets), known)
    assert (found == 0).all()


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.999])
def test_class_balanced_is_bce_weighted_by_effective_numbers(beta):
    loss = ClassBalanced(COUNTS, beta=beta)
    logits, targets, known = cells(loss)
    weight = np.array([1 / sum(beta**i for i in range(int(n))) for n in COUNTS.positive])
    plain = functional.binary_cross_entropy_with_logits(logits, targets.float(), reduction="none")
    weighted = plain * torch.tensor(weight / weight.mean()).float()
    torch.testing.assert_close(loss(logits, targets, known), weighted[known].sum())


def test_class_balanced_weighs_a_class_never_seen_as_one_seen_once():
    counts = LabelCounts(np.array([0.0, 1.0, 50.0]), np.full(3, 100.0))
    weight = ClassBalanced(counts).weight
    assert weight[0] == weight[1] > weight[2]


@pytest.mark.parametrize(("scale", "midpoint"), [(2.0, 0.2), (5.0, 0.3)])
def test_distribution_balanced_equals_its_closed_form(scale, midpoint):
    loss = DistributionBalanced(COUNTS, negative_scale=scale, midpoint=midpoint)
    z, y, k = known_cells(loss)
    prior = COUNTS.prior
    z = z + 0.05 / scale * np.log(prior / (1 - prior))
    expected = 0.0
    for z_row, y_row, k_row in zip(z, y, k, strict=True):
        brought = (k_row * y_row / prior).sum()
        r = 1 / prior / brought if brought else np.inf
        weight = 0.1 + sigmoid(10 * (r - midpoint))
        p, n = sigmoid(z_row), sigmoid(scale * z_row)
        yes, no = -2 * (1 - p) ** 2 * np.log(p), -2 * n**2 * np.log(1 - n) / scale
        expected += (weight * np.where(y_row, yes, no))[k_row].sum()
    assert loss(*cells(loss)).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["distribution_balanced", *SOFT])
@given(seed=st.integers(0, 1000), share=st.floats(0, 1))
def test_soft_targets_give_finite_values_and_gradients(name, seed, share):
    loss = LOSSES[name](COUNTS)
    logits, targets, known = cells(loss, seed=seed)
    soft = targets.float() * share
    assert torch.isfinite(loss(logits, soft, known))
    assert torch.isfinite(gradient(loss, logits, soft, known)).all()


@pytest.mark.parametrize("name", [n for n in SOFT if n != "distribution_balanced"])
def test_a_soft_target_is_a_mixture_of_yes_and_no(name):
    loss = LOSSES[name](COUNTS)
    logits, _, known = cells(loss)
    ones = torch.ones(known.shape)
    mixed = 0.3 * loss(logits, ones, known) + 0.7 * loss(logits, 0 * ones, known)
    torch.testing.assert_close(loss(logits, 0.3 * ones, known), mixed)


@pytest.mark.parametrize("name", ["zlpr", "two_way"])
def test_set_losses_take_soft_targets(name):
    loss = LOSSES[name](COUNTS)
    logits, targets, known = cells(loss)
    for share in (0.0, 1e-6, 0.5, 1.0):
        soft = torch.where(targets == 1, 1.0, share)
        assert torch.isfinite(gradient(loss, logits, soft, known)).all()


@pytest.mark.parametrize("name", TAGS_LOSSES)
@pytest.mark.parametrize("size", [1.0, 20.0, 80.0])
def test_values_and_gradients_are_finite_at_large_logits(name, size):
    loss = LOSSES[name](COUNTS)
    logits = size * torch.tensor([[1.0, -1.0, 1.0, -1.0, 0.0]]).repeat(2, 1)
    targets = torch.tensor([[1, 1, 0, 0, 1], [0, 0, 1, 1, 0]])
    known = torch.ones(2, NUM_CLASSES, dtype=torch.bool)
    assert torch.isfinite(loss(logits, targets, known))
    assert torch.isfinite(gradient(loss, logits, targets, known)).all()


@pytest.mark.parametrize("name", [n for n in TAGS_LOSSES if n != "softmax"])
def test_an_unknown_label_might_as_well_not_exist(name):
    """A column that nobody knows, against the same data without that column, to rounding."""
    counts = LabelCounts(COUNTS.positive[:4], COUNTS.known[:4])
    full, fewer = LOSSES[name](COUNTS), LOSSES[name](counts)
    if name == "class_balanced":  # whose weights are relative to the other classes
        full.weight[:4] = fewer.weight
    logits, targets, known = cells(full)
    known[:, 4] = False
    found = full(logits, targets, known)
    expected = fewer(logits[:, :4], targets[:, :4], known[:, :4])
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
    whole = gradient(full, logits, targets, known)
    part = gradient(fewer, logits[:, :4], targets[:, :4], known[:, :4])
    torch.testing.assert_close(whole[:, :4], part, rtol=1e-5, atol=1e-7)
    assert (whole[:, 4] == 0).all()


@pytest.mark.parametrize(
    ("loss", "options", "words"),
    [
        (Focal, {"gamma": -1.0}, "`gamma` should be at least 0"),
        (Focal, {"alpha": 1.0}, "`alpha` should be between 0 and 1"),
        (Asymmetric, {"gamma_neg": -1.0}, "`gamma_neg`"),
        (Asymmetric, {"gamma_pos": -1.0}, "`gamma_pos`"),
        (Asymmetric, {"margin": 1.0}, "`margin` should be at least 0 and below 1"),
        (Splc, {"tau": 1.0}, "`tau`"),
        (Splc, {"after": 1.5}, "`after`"),
        (TwoWay, {"positive_temperature": 0.0}, "`positive_temperature` should be strictly"),
        (TwoWay, {"negative_temperature": -1.0}, "`negative_temperature`"),
        (ClassBalanced, {"beta": 1.0}, "`beta`"),
        (DistributionBalanced, {"negative_scale": 0.0}, "`negative_scale`"),
    ],
)
def test_options_that_make_no_loss_are_refused(loss, options, words):
    with pytest.raises(ValueError, match=words):
        loss(COUNTS, **options)

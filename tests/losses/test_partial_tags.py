"""Strategies for unknown cells of tags."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from label_cells import COUNTS, NUM_CLASSES, cells, gradient

from polyhead.losses import LOSSES, Bce
from polyhead.losses.tags.unknown import (
    UNKNOWN,
    Em,
    ExpectedPositive,
    Ignore,
    MissingLabels,
    Negative,
    PartialTags,
)
from polyhead.tasks.statistics import LabelCounts

TOLD = LabelCounts(COUNTS.positive, COUNTS.known, 120)
ONLY_YES = LabelCounts(COUNTS.positive, COUNTS.positive, 200)
LINKED = ["bce", "focal", "asymmetric", "hill", "class_balanced"]


def strategy(name: str, counts: LabelCounts = TOLD, **options) -> MissingLabels:
    return UNKNOWN[name](counts, **options)


def wrapped(name: str, loss: str = "bce", counts: LabelCounts = TOLD, **options) -> PartialTags:
    unknown = strategy(name, counts, **options)
    return PartialTags(LOSSES[loss](unknown.counts()), unknown)


def test_every_strategy_is_found_by_its_name():
    assert set(UNKNOWN) == {"ignore", "negative", "em", "expected_positive"}


@pytest.mark.parametrize("name", sorted(UNKNOWN))
@pytest.mark.parametrize("loss", LINKED)
def test_value_and_gradient_are_finite_and_flow(name, loss):
    whole = wrapped(name, loss)
    logits, targets, known = cells(whole)
    for size in (1.0, 40.0, 1e4):
        value = whole(size * logits, targets, known)
        assert value.dtype == torch.float32
        assert torch.isfinite(value)
        found = gradient(whole, size * logits, targets, known)
        assert torch.isfinite(found).all()
        assert size > 1 or found.abs().sum() > 0


@pytest.mark.parametrize("name", sorted(UNKNOWN))
@pytest.mark.parametrize("junk", [float("nan"), float("inf"), 1e30])
def test_images_of_which_nothing_is_known_stay_out(name, junk):
    whole = wrapped(name)
    logits, targets, known = cells(whole)
    known[3] = known[7] = False
    keep = known.any(1)
    spoilt = torch.where(keep[:, None], logits.detach(), junk)
    value = whole(logits, targets, known)
    assert torch.equal(whole(spoilt, targets, known), value)
    torch.testing.assert_close(whole(logits[keep], targets[keep], known[keep]), value)
    assert whole.num_terms(targets, known) == whole.num_terms(targets[keep], known[keep])
    found = gradient(whole, spoilt, targets, known)
    assert torch.isfinite(found).all()
    assert (found[~keep] == 0).all()


@pytest.mark.parametrize("name", sorted(UNKNOWN))
def test_the_value_of_an_unknown_target_is_never_read(name):
    whole = wrapped(name)
    logits, targets, known = cells(whole)
    spoilt = torch.where(known, targets.float(), float("nan"))
    expected = whole(logits, targets.float(), known)
    assert torch.equal(whole(logits, spoilt, known), expected)
    assert torch.equal(whole.num_terms(spoilt, known), whole.num_terms(targets, known))


@pytest.mark.parametrize("name", sorted(UNKNOWN))
def test_with_everything_known_only_the_number_of_labels_matters(name):
    whole, plain = wrapped(name), Bce(COUNTS)
    logits, targets, known = cells(whole, share_known=1.1)
    apart = whole(logits, targets, known) - plain(logits, targets, known)
    mean = torch.sigmoid(logits).sum(1).mean() - COUNTS.prior.sum()
    expected = 12 * NUM_CLASSES * (mean / NUM_CLASSES) ** 2 if name == "expected_positive" else 0.0
    torch.testing.assert_close(apart, torch.as_tensor(expected).float(), rtol=1e-4, atol=1e-5)


@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
def test_ignore_adds_nothing_to_any_loss(seed, share):
    for name in ("bce", "zlpr", "asymmetric"):
        whole = PartialTags(LOSSES[name](COUNTS), Ignore(COUNTS))
        logits, targets, known = cells(whole, share_known=share, seed=seed)
        assert torch.equal(whole(logits, targets, known), whole.loss(logits, targets, known))
        assert torch.equal(whole.num_terms(targets, known), whole.loss.num_terms(targets, known))


@pytest.mark.parametrize("loss", ["bce", "zlpr", "two_way", "splc", "softmax"])
def test_negative_is_the_loss_with_noes_filled_in(loss):
    whole = wrapped("negative", loss)
    logits, targets, known = cells(whole)
    looked_at = known.any(1)
    filled = torch.where(known, targets, 0)
    everything = looked_at[:, None].expand_as(known)
    assert torch.equal(whole(logits, targets, known), whole.loss(logits, filled, everything))
    assert torch.equal(whole.num_terms(targets, known), whole.loss.num_terms(filled, everything))


def test_em_adds_the_entropy_of_unknown_cells():
    whole = wrapped("em", alpha=0.2)
    logits, targets, known = cells(whole)
    p = torch.sigmoid(logits).detach().double().numpy()
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p))
    unknown = (known.any(1, keepdim=True) & ~known).numpy()
    expected = whole.loss(logits, targets, known).item() - 0.2 * entropy[unknown].sum()
    assert whole(logits, targets, known).item() == pytest.approx(expected, rel=1e-5)


def test_em_pulls_unknown_cells_towards_undecided():
    whole = wrapped("em")
    logits = torch.tensor([[0.0, 2.0, -2.0, 0.0, 1.0]])
    known = torch.tensor([[True, False, False, False, False]])
    found = gradient(whole, logits, torch.ones(1, 5), known)[0]
    assert found[1] > 0 > found[2]
    assert found[3] == 0


def test_expected_positive_is_the_papers_loss_times_the_share_of_known_cells():
    """Single positives: (1/BL)·Σ −log f + ((k̂−k)/L)², in the paper's own normalisation."""
    whole = wrapped("expected_positive", counts=ONLY_YES, num_positive=1.5)
    logits, _, _ = cells(whole)
    num_rows, places = len(logits), torch.arange(len(logits)) % NUM_CLASSES
    known = torch.nn.functional.one_hot(places, NUM_CLASSES).bool()
    p = torch.sigmoid(logits).detach().double()
    paper = -p[known].log().sum() / (num_rows * NUM_CLASSES)
    paper += ((p.sum(1).mean() - 1.5) / NUM_CLASSES) ** 2
    targets = known.to(torch.int8)
    found = whole(logits, targets, known) / whole.num_terms(targets, known)
    assert found.item() / NUM_CLASSES == pytest.approx(paper.item(), rel=1e-5)


def test_expected_positive_takes_the_number_of_labels_from_known_cells():
    assert ExpectedPositive(TOLD).num_positive == pytest.approx(COUNTS.prior.sum())


def test_expected_positive_asks_for_the_number_where_only_yeses_are_known():
    with pytest.raises(
        ValueError, match="`num_positive` should be set where classes have no known negative"
    ):
        ExpectedPositive(ONLY_YES)


@pytest.mark.parametrize("number", [0.0, -1.0, 5.5])
def test_numbers_of_labels_that_no_image_can_have_are_refused(number):
    with pytest.raises(ValueError, match="above 0 and at most the 5 classes"):
        ExpectedPositive(TOLD, num_positive=number)


def test_a_negative_weight_of_entropy_is_refused():
    with pytest.raises(ValueError, match="`alpha` should be at least 0"):
        Em(TOLD, alpha=-0.1)


def test_training_starts_from_shares_among_images_where_only_yeses_are_known():
    expected = (COUNTS.positive + 0.5) / 201
    np.testing.assert_allclose(Em(ONLY_YES).counts().prior, expected)
    np.testing.assert_allclose(Negative(ONLY_YES).counts().prior, expected)
    shares = ExpectedPositive(ONLY_YES, num_positive=2.0).counts().prior
    assert shares.sum() == pytest.approx(2.0, abs=0.05)
    assert Em(TOLD).counts().prior.tolist() == TOLD.prior.tolist()
    np.testing.assert_allclose(Negative(TOLD).counts().prior, (COUNTS.positive + 0.5) / 121)


def test_classes_without_a_known_no_share_what_the_others_leave():
    counts = LabelCounts(np.array([40, 10, 20]), np.array([100, 10, 20]), 200)
    assert Em(counts).only_yes.tolist() == [False, True, True]
    np.testing.assert_allclose(Em(counts).counts().known, [100, 200, 200])
    told = ExpectedPositive(counts, num_positive=1.0).counts()
    np.testing.assert_allclose(told.prior, [0.4, 0.2, 0.4], atol=0.01)
    unheard = LabelCounts(np.append(counts.positive, 0), np.append(counts.known, 0), 200)
    assert np.isfinite(ExpectedPositive(unheard, num_positive=1.0).counts().prior).all()
    few = ExpectedPositive(counts, num_positive=0.1).counts()
    np.testing.assert_allclose(few.prior, [0.4, 0.05, 0.1], atol=0.01)
    with pytest.raises(ValueError, match="2 such classes"):
        ExpectedPositive(counts)


def test_a_class_that_is_a_yes_everywhere_is_believed():
    counts = LabelCounts(np.array([200, 10]), np.array([200, 50]), 200)
    assert not Em(counts).only_yes.any()
    assert ExpectedPositive(counts).num_positive == pytest.approx(1.2, abs=0.01)


@pytest.mark.parametrize("loss", ["bce", "asymmetric", "zlpr", "splc"])
def test_what_logits_mean_is_reported_by_the_loss(loss):
    whole = wrapped("negative", loss)
    logits, _, _ = cells(whole)
    assert whole.has_link == whole.loss.has_link
    assert torch.equal(whole.log_odds(logits), whole.loss.log_odds(logits))
    assert torch.equal(whole.initial_logits(), whole.loss.initial_logits())
    whole.calibrate(torch.full((NUM_CLASSES,), 2.0), torch.ones(NUM_CLASSES))
    torch.testing.assert_close(whole.dense(logits)["logits"], 2 * whole.log_odds(logits) + 1)
    whole.set_progress(1.0)
    if loss == "splc":
        logits, targets, known = cells(whole)
        fresh = LOSSES["splc"](COUNTS)
        assert whole.loss(logits, targets, known) != fresh(logits, targets, known)


def test_gradients_stay_off_where_the_caller_turned_them_off():
    for name in UNKNOWN:
        whole = wrapped(name)
        with torch.no_grad():
            assert not whole(*cells(whole)).requires_grad
            assert not torch.is_grad_enabled()

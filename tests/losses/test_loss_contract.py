"""What every loss keeps, whatever its name."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from label_cells import (
    COUNTS,
    EVERY_LABEL_LOSS,
    EVERY_LOSS,
    NUM_CLASSES,
    build,
    cells,
    gradient,
)

from polyhead.losses import LOSSES, Loss

sweep = pytest.mark.parametrize(("name", "options"), EVERY_LOSS)
sweep_labels = pytest.mark.parametrize(("name", "options"), EVERY_LABEL_LOSS)


def assert_same_dense(found, expected):
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_every_loss_is_found_by_its_name():
    assert {"bce", "cross_entropy", "softmax", "huber", "normal", "poisson"} <= set(LOSSES)
    assert all(issubclass(loss, Loss) for loss in LOSSES.values())


@sweep
def test_value_and_gradient_are_finite_and_flow(name, options):
    loss = build(name, options)
    logits, targets, known = cells(loss)
    value = loss(logits, targets, known)
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert torch.isfinite(value)
    found = gradient(loss, logits, targets, known)
    assert torch.isfinite(found).all()
    assert found.abs().sum() > 0


@sweep
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_extreme_logits_stay_finite(name, options, dtype):
    loss = build(name, options)
    logits, targets, known = cells(loss)
    extreme = (logits.detach().sign() * 1e4).to(dtype)
    assert torch.isfinite(loss(extreme, targets, known))
    found = gradient(loss, extreme, targets, known)
    # The slope of a square is as large as its distance; no run computes in float16.
    assert torch.isfinite(found).all() or (loss.task_type, dtype) == ("number", torch.float16)
    dense = loss.dense(extreme)
    for array in dense.values():
        assert array.dtype == torch.float32
        assert torch.isfinite(array).all()
    if "probabilities" in dense:
        assert ((dense["probabilities"] >= 0) & (dense["probabilities"] <= 1)).all()


@sweep
def test_half_precision_logits_are_computed_in_full(name, options):
    loss = build(name, options)
    logits, targets, known = cells(loss)
    half = logits.detach().bfloat16()
    assert loss(half, targets, known) == loss(half.float(), targets, known)


@sweep
@pytest.mark.parametrize("junk", [float("nan"), float("inf"), -float("inf"), 1e30])
def test_unknown_cells_are_never_read(name, options, junk):
    loss = build(name, options)
    logits, targets, known = cells(loss)
    mask = known if known.ndim == 2 else known[:, None].expand_as(logits)
    spoilt_logits = torch.where(mask, logits.detach(), junk)
    unknown = float("nan") if loss.task_type == "number" else -1
    spoilt_targets = torch.where(known, targets, unknown)
    expected = loss(logits, targets, known)
    assert torch.equal(loss(spoilt_logits, spoilt_targets, known), expected)
    assert torch.equal(loss.num_terms(spoilt_targets, known), loss.num_terms(targets, known))
    found = gradient(loss, spoilt_logits, spoilt_targets, known)
    assert torch.equal(found, gradient(loss, logits, targets, known))
    assert (found[~mask] == 0).all()


@sweep
@settings(max_examples=15)
@given(seed=st.integers(0, 2**31), share=st.floats(0, 1))
def test_rows_with_nothing_known_might_as_well_be_absent(name, options, seed, share):
    loss = build(name, options)
    logits, targets, known = cells(loss, share_known=share, seed=seed)
    keep = known if known.ndim == 1 else known.any(1)
    value = loss(logits, targets, known)
    torch.testing.assert_close(loss(logits[keep], targets[keep], known[keep]), value)
    torch.testing.assert_close(
        loss.num_terms(targets[keep], known[keep]),
        loss.num_terms(targets, known),
        rtol=1e-6,
        atol=0,
    )
    full = gradient(loss, logits, targets, known)
    # The last bit hangs on where a row lies in memory: vector and scalar kernels differ there.
    fewer = gradient(loss, logits[keep], targets[keep], known[keep])
    torch.testing.assert_close(fewer, full[keep], rtol=1e-5, atol=1e-7)
    assert (full[~keep] == 0).all()


@sweep
def test_the_sum_splits_over_batches(name, options):
    if name == "two_way":
        pytest.skip("compares images of one batch")
    loss = build(name, options)
    logits, targets, known = cells(loss)
    halves = [slice(0, 5), slice(5, None)]
    parts = sum(loss(logits[h], targets[h], known[h]) for h in halves)
    counts = sum(loss.num_terms(targets[h], known[h]) for h in halves)
    torch.testing.assert_close(parts, loss(logits, targets, known))
    torch.testing.assert_close(counts, loss.num_terms(targets, known))


@sweep
def test_nothing_known_counts_nothing(name, options):
    loss = build(name, options)
    logits, targets, known = cells(loss, share_known=0.0)
    assert loss.num_terms(targets, known) == 0
    assert loss(logits, targets, known) == 0
    assert (gradient(loss, logits, targets, known) == 0).all()


@sweep
def test_what_the_link_needs_travels_in_the_state(name, options):
    loss, blank = build(name, options), build(name, options, is_told=False)
    blank.load_state_dict(loss.state_dict(), strict=True)
    logits, targets, known = cells(loss)
    assert_same_dense(blank.dense(logits), loss.dense(logits))
    assert torch.equal(blank(logits, targets, known), loss(logits, targets, known))


@sweep
def test_copies_are_equal_and_apart(name, options):
    loss = build(name, options)
    twin = copy.deepcopy(loss)
    logits, targets, known = cells(loss)
    assert torch.equal(twin(logits, targets, known), loss(logits, targets, known))
    assert all(
        a.data_ptr() != b.data_ptr() for a, b in zip(twin.buffers(), loss.buffers(), strict=True)
    )


@sweep
def test_it_names_itself(name, options):
    assert repr(build(name, options)).startswith(LOSSES[name].__name__)


@sweep_labels
def test_training_starts_from_the_class_shares(name, options):
    loss = build(name, options)
    prior = torch.from_numpy(COUNTS.prior).float()
    is_share = name == "softmax" or loss.task_type != "tags"
    expected = prior / prior.sum() if is_share else prior
    has_a_class_each = loss.task_type in ("tags", "class")
    assert loss.initial_logits().shape == ((NUM_CLASSES,) if has_a_class_each else (1,))
    torch.testing.assert_close(loss.link(loss.initial_logits()[None])[0], expected)


@sweep_labels
def test_classes_never_or_always_seen_start_finite(name, options):
    counts = type(COUNTS)(COUNTS.known * [0, 1, 0, 1, 1], COUNTS.known)
    assert torch.isfinite(build(name, options, counts).initial_logits()).all()


@sweep
def test_what_logits_mean_has_a_row_an_image(name, options):
    loss = build(name, options)
    logits, _, _ = cells(loss)
    for key, array in loss.dense(logits).items():
        assert array.shape == ((12,) if loss.task_type == "number" else (12, NUM_CLASSES)), key


@sweep
def test_what_logits_mean_exports(name, options):
    loss = build(name, options)

    class Meaning(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.loss = loss

        def forward(self, logits):
            return self.loss.dense(logits)

    logits = torch.randn(2, len(loss.initial_logits()))
    exported = torch.export.export(Meaning(), (logits,)).module()
    assert_same_dense(exported(logits), loss.dense(logits))


@sweep
def test_gradients_stay_off_where_the_caller_turned_them_off(name, options):
    loss = build(name, options)
    with torch.no_grad():
        assert not loss(*cells(loss)).requires_grad
        assert not torch.is_grad_enabled()

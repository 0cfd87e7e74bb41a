"""What every loss of boxes and masks keeps, whatever its name."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.losses import LOSSES, Loss
from polyhead.registry import Component, construct
from polyhead.tasks.statistics import LabelCounts

K = 5
COUNTS = LabelCounts(np.array([40.0, 5.0, 20.0, 1.0, 34.0]), np.full(K, 100.0))
NOTHING = LabelCounts(np.zeros(K), np.zeros(K))
SPATIAL = [name for name, loss in LOSSES.items() if loss.task_type in ("boxes", "mask")]
OPTIONS = {"detection": ({}, {"static_share": 0.0})}
sweep = pytest.mark.parametrize(
    ("name", "options"), [(name, o) for name in SPATIAL for o in OPTIONS.get(name, ({},))]
)


def build(name: str, options: dict, counts: LabelCounts = COUNTS) -> Loss:
    loss = construct("loss", LOSSES, Component.model_validate({"name": name, **options}), counts)
    loss.set_progress(0.1)
    return loss


def boxes_cells(num_images: int, share_known: float, generator: torch.Generator):
    points = torch.cartesian_prod(torch.arange(4.0, 64, 8), torch.arange(4.0, 64, 8)).flip(1)
    shape = (num_images, len(points))
    sides = 24 * torch.rand(*shape, 4, generator=generator)
    outputs = {
        "logits": torch.randn(*shape, K, generator=generator).requires_grad_(),
        "boxes": torch.cat([points - sides[..., :2], points + sides[..., 2:]], -1).requires_grad_(),
        "points": points,
        "strides": torch.full((len(points),), 8.0),
        "extent": torch.full((4,), 64.0),
    }
    corners = (64 * torch.rand(num_images, 3, 2, 2, generator=generator)).sort(2).values
    labels = torch.randint(-1, K, (num_images, 3, 1), generator=generator)
    ignored = torch.rand(num_images, 3, 1, generator=generator) < 0.2
    targets = torch.cat([corners.flatten(2), labels.float(), ignored.float()], -1)
    looked = torch.rand(num_images, 1, generator=generator) < share_known
    known = looked & (torch.rand(num_images, K, generator=generator) < 0.8)
    return outputs, targets, known


def mask_cells(num_images: int, share_known: float, generator: torch.Generator):
    logits = torch.randn(num_images, K, 6, 6, generator=generator).requires_grad_()
    targets = torch.randint(K, (num_images, 24, 24), generator=generator, dtype=torch.uint8)
    looked = torch.rand(num_images, 1, 1, generator=generator) < share_known
    known = looked & (torch.rand(num_images, 24, 24, generator=generator) < 0.8)
    return logits, targets, known


def cells(loss: Loss, num_images: int = 4, share_known: float = 0.7, seed: int = 0):
    """Outputs of a head that want gradients, targets, known."""
    make = boxes_cells if loss.task_type == "boxes" else mask_cells
    return make(num_images, share_known, torch.Generator().manual_seed(seed))


def changed(outputs, change):
    """The outputs with what depends on the images changed."""
    if isinstance(outputs, dict):
        return {key: change(t) if t.ndim > 2 else t for key, t in outputs.items()}
    return change(outputs)


def leaves(outputs) -> list[torch.Tensor]:
    found = list(outputs.values()) if isinstance(outputs, dict) else [outputs]
    return [t for t in found if t.ndim > 2]


def gradient(loss: Loss, outputs, targets, known) -> list[torch.Tensor]:
    fresh = changed(outputs, lambda t: t.detach().clone().requires_grad_())
    return list(torch.autograd.grad(loss(fresh, targets, known), leaves(fresh)))


def rows(known: torch.Tensor) -> torch.Tensor:
    return known.flatten(1).any(1)


def assert_same_dense(found, expected):
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_spatial_losses_are_found_by_their_names():
    assert set(SPATIAL) == {"detection", "segmentation"}


@sweep
def test_value_and_gradient_are_finite_and_flow(name, options):
    loss = build(name, options)
    given_cells = cells(loss, share_known=1.0)
    value = loss(*given_cells)
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert torch.isfinite(value)
    for found in gradient(loss, *given_cells):
        assert torch.isfinite(found).all()
        assert found.abs().sum() > 0


@sweep
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_extreme_outputs_stay_finite(name, options, dtype):
    loss = build(name, options)
    outputs, targets, known = cells(loss, share_known=1.0)
    extreme = changed(outputs, lambda t: (t.detach().sign() * 1e4).to(dtype))
    assert torch.isfinite(loss(extreme, targets, known))
    assert all(torch.isfinite(g).all() for g in gradient(loss, extreme, targets, known))
    for array in loss.dense(extreme).values():
        assert array.dtype == torch.float32
        assert torch.isfinite(array).all()


@sweep
def test_outputs_of_nothing_but_zeros_stay_finite(name, options):
    loss = build(name, options)
    outputs, targets, known = cells(loss, share_known=1.0)
    if loss.task_type == "boxes":
        targets[..., :4] = 0
    empty = changed(outputs, torch.zeros_like)
    assert torch.isfinite(loss(empty, targets, known))
    assert all(torch.isfinite(g).all() for g in gradient(loss, empty, targets, known))


@sweep
def test_half_precision_outputs_are_computed_in_full(name, options):
    loss = build(name, options)
    outputs, targets, known = cells(loss)
    half = changed(outputs, lambda t: t.detach().bfloat16())
    full = changed(half, lambda t: t.float())
    assert loss(half, targets, known) == loss(full, targets, known)


@sweep
@pytest.mark.parametrize("junk", [float("nan"), float("inf"), -float("inf"), 1e30])
def test_images_that_nobody_annotated_are_never_read(name, options, junk):
    loss = build(name, options)
    outputs, targets, known = cells(loss)
    known[1] = False
    unread = torch.arange(4) == 1
    spoilt = changed(
        outputs, lambda t: torch.where(unread.view(4, *[1] * (t.ndim - 1)), junk, t.detach())
    )
    spoilt_targets = targets.clone()
    spoilt_targets[1] = 255
    expected = loss(outputs, targets, known)
    assert torch.equal(loss(spoilt, spoilt_targets, known), expected)
    assert torch.equal(loss.num_terms(spoilt_targets, known), loss.num_terms(targets, known))
    found = gradient(loss, spoilt, spoilt_targets, known)
    for ours, theirs in zip(found, gradient(loss, outputs, targets, known), strict=True):
        assert torch.equal(ours, theirs)
        assert (ours[1] == 0).all()


@sweep
@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), share=st.floats(0, 1))
def test_images_with_nothing_known_might_as_well_be_absent(name, options, seed, share):
    loss = build(name, options)
    outputs, targets, known = cells(loss, share_known=share, seed=seed)
    keep = rows(known)
    fewer = changed(outputs, lambda t: t[keep])
    value = loss(outputs, targets, known)
    torch.testing.assert_close(loss(fewer, targets[keep], known[keep]), value)
    assert loss.num_terms(targets[keep], known[keep]) == loss.num_terms(targets, known)


@sweep
def test_nothing_known_counts_nothing_and_keeps_the_graph(name, options):
    loss = build(name, options)
    outputs, targets, known = cells(loss, share_known=0.0)
    assert loss.num_terms(targets, known) == 0
    assert loss(outputs, targets, known) == 0
    assert all((g == 0).all() for g in gradient(loss, outputs, targets, known))


@sweep
def test_training_starts_finite_and_the_same_whatever_was_reported(name, options):
    loss, blank = build(name, options), build(name, options, NOTHING)
    assert loss.initial_logits().shape == (K,)
    assert torch.isfinite(loss.initial_logits()).all()
    assert torch.isfinite(blank.initial_logits()).all()
    blank.load_state_dict(loss.state_dict(), strict=True)
    outputs, targets, known = cells(loss)
    assert torch.equal(blank(outputs, targets, known), loss(outputs, targets, known))
    assert_same_dense(blank.dense(outputs), loss.dense(outputs))


@sweep
def test_copies_are_equal_and_it_names_itself(name, options):
    loss = build(name, options)
    given_cells = cells(loss)
    assert torch.equal(copy.deepcopy(loss)(*given_cells), loss(*given_cells))
    assert repr(loss).startswith(LOSSES[name].__name__)


@sweep
def test_what_outputs_mean_exports(name, options):
    loss = build(name, options)

    class Meaning(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.loss = loss

        def forward(self, outputs):
            return self.loss.dense(outputs)

    outputs = changed(cells(loss)[0], lambda t: t.detach())
    exported = torch.export.export(Meaning(), (outputs,)).module()
    assert_same_dense(exported(outputs), loss.dense(outputs))

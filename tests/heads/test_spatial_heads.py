"""What every head that reads the pyramid keeps."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.heads import HEADS, SpatialHead
from polyhead.registry import Component, construct

SPATIAL = [name for name, head in HEADS.items() if head.reads == "pyramid"]
OPTIONS = {"boxes": ({}, {"one_to_one": True}), "mask": ({}, {"dropout": 0.5})}
STRIDES = (8, 16, 32)
sweep = pytest.mark.parametrize(
    ("name", "options"), [(name, options) for name in SPATIAL for options in OPTIONS[name]]
)


def build(name: str, options: dict, *sizes, strides=STRIDES) -> SpatialHead:
    component = Component.model_validate({"name": name, **options})
    return construct("head", HEADS, component, *sizes, strides)


def pyramid(size=(64, 96), channels: int = 12, batch: int = 2, strides=STRIDES):
    return {
        s: torch.randn(batch, channels, -(-size[0] // s), -(-size[1] // s), requires_grad=True)
        for s in strides
    }


def stirred(name: str, options: dict) -> SpatialHead:
    head = build(name, options, 12, 5).eval()
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return head


def tensors(outputs) -> dict[str, torch.Tensor]:
    return outputs if isinstance(outputs, dict) else {"logits": outputs}


def per_image(outputs) -> dict[str, torch.Tensor]:
    return {key: t for key, t in tensors(outputs).items() if t.ndim > 2}


def test_spatial_heads_are_known_by_their_names():
    assert {"boxes", "mask"} <= set(SPATIAL)
    assert all(issubclass(HEADS[name], SpatialHead) for name in SPATIAL)


@sweep
@settings(max_examples=10)
@given(height=st.integers(1, 130), width=st.integers(1, 130))
def test_any_size_works(name, options, height, width):
    head = build(name, options, 12, 5)
    for key, tensor in tensors(head(pyramid((height, width)), (height, width))).items():
        assert torch.isfinite(tensor).all(), key


@sweep
@pytest.mark.parametrize("strides", [(16,), (4, 8, 16, 32), (32, 8)])
def test_strides_are_free_and_others_are_not_read(name, options, strides):
    head = build(name, options, 12, 3, strides=strides)
    maps = pyramid(strides=(4, 8, 16, 32))
    assert head.strides == tuple(sorted(strides))
    head(maps, (64, 96))
    head({s: maps[s] for s in strides}, (64, 96))


@pytest.mark.parametrize("name", SPATIAL)
@pytest.mark.parametrize("size", [(32, 32), (128, 512), (129, 129), (640, 480)])
def test_a_head_states_the_strides_that_it_reads_of_an_image(name, size):
    strides = HEADS[name].strides_for(size)
    assert set(strides) <= {4, 8, 16, 32}
    assert list(strides) == sorted(strides)
    assert {8, 16, 32} <= set(strides)


def test_masks_need_the_finest_stride_and_boxes_only_in_small_images():
    assert HEADS["mask"].strides_for((640, 480)) == (4, 8, 16, 32)
    assert HEADS["boxes"].strides_for((640, 480)) == (8, 16, 32)
    assert HEADS["boxes"].strides_for((480, 128)) == (4, 8, 16, 32)


@sweep
def test_gradients_reach_the_finest_map_and_every_parameter(name, options):
    head, maps = stirred(name, options), pyramid()
    outputs = per_image(head(maps, (64, 96)))
    sum(t.square().mean() for t in outputs.values()).backward()
    assert maps[8].grad is not None
    assert maps[8].grad.abs().sum() > 0
    for key, parameter in head.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().sum() > 0, key


@sweep
def test_a_fresh_head_starts_near_the_logits_it_is_given(name, options):
    head = build(name, options, 12, 5).eval()
    wanted = torch.tensor([-4.0, -1.0, 0.0, 1.0, 4.0])
    head.start_at(wanted)
    outputs = tensors(head(pyramid(), (64, 96)))
    for key in [key for key in outputs if key.endswith("logits")]:
        classes_last = outputs[key] if name == "boxes" else outputs[key].movedim(1, -1)
        torch.testing.assert_close(classes_last.flatten(0, -2).mean(0), wanted, atol=0.3, rtol=0)


@sweep
def test_half_precision_is_near_full(name, options):
    head, maps = stirred(name, options), pyramid()
    with torch.autocast("cpu", torch.bfloat16):
        half = tensors(head(maps, (64, 96)))
    exact = tensors(head(maps, (64, 96)))
    for key in [key for key in exact if key.endswith("logits")]:
        assert (half[key] - exact[key]).abs().max() < 0.05 * exact[key].abs().max(), key
    for key in [key for key in exact if key.endswith("boxes")]:
        assert half[key].dtype == torch.float32


@sweep
def test_it_exports(name, options):
    head, maps = stirred(name, options), pyramid()
    exported = torch.export.export(head, (maps, (64, 96))).module()
    expected = tensors(head(maps, (64, 96)))
    for key, tensor in tensors(exported(maps, (64, 96))).items():
        torch.testing.assert_close(tensor, expected[key])


@sweep
def test_rows_do_not_see_each_other(name, options):
    head, maps = stirred(name, options), pyramid(batch=4)
    full = per_image(head(maps, (64, 96)))
    alone = per_image(head({s: m[2:3] for s, m in maps.items()}, (64, 96)))
    for key, tensor in alone.items():
        torch.testing.assert_close(tensor, full[key][2:3], atol=1e-4, rtol=1e-4)


@sweep
def test_copies_and_states_are_equal(name, options):
    head, fresh, maps = stirred(name, options), build(name, options, 12, 5).eval(), pyramid()
    fresh.load_state_dict(head.state_dict(), strict=True)
    expected = tensors(head(maps, (64, 96)))
    for twin in (fresh, copy.deepcopy(head)):
        for key, tensor in tensors(twin(maps, (64, 96))).items():
            assert torch.equal(tensor, expected[key]), key
    assert repr(head).startswith(type(head).__name__)

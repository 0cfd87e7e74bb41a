"""The neck: widths, odd sizes, and where information flows."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from polyhead.heads import Fpn
from polyhead.heads.conv_block import group_norm

CHANNELS = {8: 12, 16: 20, 32: 28}


def maps(height: int, width: int, channels=CHANNELS, batch: int = 2) -> dict[int, torch.Tensor]:
    """What a backbone gives: each map is half the one before, rounded up."""
    return {
        s: torch.randn(batch, c, -(-height // s), -(-width // s), requires_grad=True)
        for s, c in channels.items()
    }


@settings(max_examples=20)
@given(height=st.integers(1, 170), width=st.integers(1, 170))
def test_any_size_keeps_the_size_of_every_level(height, width):
    features = maps(height, width)
    pyramid = Fpn(CHANNELS, channels=16)(features)
    assert list(pyramid) == [8, 16, 32]
    for stride, level in pyramid.items():
        assert level.shape == (2, 16, *features[stride].shape[-2:])
        assert torch.isfinite(level).all()


def test_maps_leave_in_the_layout_that_group_norm_is_fast_in():
    features = {
        s: level.contiguous(memory_format=torch.channels_last) for s, level in maps(64, 64).items()
    }
    neck = Fpn(CHANNELS, channels=16)
    assert neck.memory_format(torch.device("cpu")) == torch.contiguous_format
    assert neck.memory_format(torch.device("cuda")) == torch.channels_last
    assert all(level.is_contiguous() for level in neck(features).values())


def test_coarse_maps_reach_fine_levels_and_not_the_other_way():
    neck, features = Fpn(CHANNELS, channels=16), maps(64, 64)
    pyramid = neck(features)
    for stride in CHANNELS:
        grads = torch.autograd.grad(
            pyramid[stride].square().sum(),
            list(features.values()),
            retain_graph=True,
            allow_unused=True,
        )
        reached = [s for s, g in zip(CHANNELS, grads, strict=True) if g is not None]
        assert reached == [s for s in CHANNELS if s >= stride]


def test_sums_are_laterals_and_nearest_neighbours():
    neck, features = Fpn({4: 3, 8: 5}, channels=8), maps(10, 14, {4: 3, 8: 5})
    top = neck.laterals["8"](features[8])
    rows = torch.arange(3) * top.shape[2] // 3
    columns = torch.arange(4) * top.shape[3] // 4
    enlarged = top[:, :, rows][..., columns]
    expected = neck.smooth["4"](neck.laterals["4"](features[4]) + enlarged)
    torch.testing.assert_close(neck(features)[4], expected)


def test_a_single_stride_and_more_maps_than_asked_for_work():
    neck = Fpn({16: 20}, channels=8)
    assert list(neck(maps(32, 32))) == [16]
    assert neck.strides == (16,)
    assert neck.channels == 8


def test_no_stride_is_refused():
    with pytest.raises(ValueError, match="at least one stride"):
        Fpn({})


@given(channels=st.integers(1, 200))
def test_groups_divide_the_channels_and_hold_two_at_least(channels):
    norm = group_norm(channels)
    assert channels % norm.num_groups == 0
    assert norm.num_groups <= 32
    assert channels == 1 or channels // norm.num_groups >= 2
    assert group_norm(64).num_groups == 32
    assert group_norm(96).num_groups == 32


def test_it_exports():
    neck, features = Fpn(CHANNELS, channels=16), maps(40, 56)
    exported = torch.export.export(neck, (features,)).module()
    for stride, level in neck(features).items():
        torch.testing.assert_close(exported(features)[stride], level)


def test_states_are_loaded_strictly():
    neck, twin = Fpn(CHANNELS, channels=16), Fpn(CHANNELS, channels=16)
    twin.load_state_dict(neck.state_dict(), strict=True)
    features = maps(40, 56)
    assert torch.equal(twin(features)[8], neck(features)[8])
    assert not any(isinstance(module, nn.BatchNorm2d) for module in neck.modules())

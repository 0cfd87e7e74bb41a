"""The neck: a feature pyramid that all spatial heads share."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from polyhead.heads.conv_block import group_norm, smoothing


class Fpn(nn.Module):
    """Feature pyramid: P_s = GN(W₃·(W₁·C_s + up(·))), coarse maps added to finer ones.

    1×1 laterals bring every map to the same width; from the coarsest on, each sum is enlarged to
    the next lateral's exact size by nearest neighbour and added, so that odd sizes fit. A
    3×3 convolution then smooths each level.
    Source: Lin et al., *Feature pyramid networks for object detection*, 2017; GroupNorm is
    added.

    Args:
        channels_by_stride: Stride to channels of the backbone's maps.
        channels: C of every level.

    Attributes:
        channels: C.
        strides: Finest first.

    Shapes:
        {stride: (B, C_s, h, w)} -> {stride: (B, C, h, w)}.
    """

    def __init__(self, channels_by_stride: Mapping[int, int], *, channels: int = 64) -> None:
        super().__init__()
        if not channels_by_stride:
            raise ValueError("A feature pyramid needs at least one stride. Found none.")
        self.channels = channels
        self.strides = tuple(sorted(channels_by_stride))
        self.laterals = nn.ModuleDict(
            {str(s): nn.Conv2d(channels_by_stride[s], channels, 1) for s in self.strides}
        )
        self.smooth = nn.ModuleDict(
            {str(s): nn.Sequential(smoothing(channels), group_norm(channels)) for s in self.strides}
        )

    def forward(self, features: Mapping[int, Tensor]) -> dict[int, Tensor]:
        """The pyramid, finest first."""
        coarser: Tensor | None = None
        sums: dict[int, Tensor] = {}
        for stride in reversed(self.strides):
            level = self.laterals[str(stride)](features[stride])
            level = level.contiguous(memory_format=self.memory_format(level.device))
            if coarser is not None:
                level = level + functional.interpolate(coarser, level.shape[-2:], mode="nearest")
            sums[stride] = coarser = level
        return {stride: self.smooth[str(stride)](sums[stride]) for stride in self.strides}

    @staticmethod
    def memory_format(device: torch.device) -> torch.memory_format:
        """The memory format of the pyramid and of the weights that read it.

        Channels last, but not on a CPU, where GroupNorm takes up to nine times as long so and a
        training step of tags and boxes 1.13 times.
        """
        return torch.contiguous_format if device.type == "cpu" else torch.channels_last

"""The boxes head: one box and its class scores from every point of the pyramid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from polyhead.heads.conv_block import conv_block
from polyhead.heads.spatial_head import STRIDES, SpatialHead

LARGEST_LOG_DISTANCE = math.log(1e3)
SMALL_SIDE = 128  # pixels; objects in such images are small too


class Towers(nn.Module):
    """Class logits and distances to the four sides, by layers that all levels share.

    Two blocks of 3×3 convolution, GroupNorm and SiLU per branch, then 1×1 convolutions. Distances
    are exp(a_s·r)·s pixels with a learned scalar a_s per level.

    Args:
        num_features: D.
        num_classes: K.
        strides: Of the levels.
    """

    def __init__(self, num_features: int, num_classes: int, strides: Sequence[int]) -> None:
        super().__init__()
        self.class_tower = nn.Sequential(conv_block(num_features), conv_block(num_features))
        self.side_tower = nn.Sequential(conv_block(num_features), conv_block(num_features))
        self.classes = nn.Conv2d(num_features, num_classes, 1)
        self.sides = nn.Conv2d(num_features, 4, 1)
        self.scales = nn.Parameter(torch.ones(len(strides)))
        for layer in (self.classes, self.sides):
            nn.init.normal_(layer.weight, std=0.01)

    def forward(self, levels: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Levels (B, D, h, w) -> logits (B, N, K), log of distances in strides (B, N, 4)."""
        logits = [_by_point(self.classes(self.class_tower(level))) for level in levels]
        sides = [
            _by_point(self.sides(self.side_tower(level))).float() * scale
            for level, scale in zip(levels, self.scales, strict=True)
        ]
        return torch.cat(logits, 1), torch.cat(sides, 1)


class Boxes(SpatialHead):
    """Anchor-free detection: every point (x, y) of every level states K scores and one box.

    The box is (x−l, y−t, x+r, y+b) with sides exp(a_s·z)·s up to 1000 strides; points lie in the
    middle of their cells, ((i+½)s, (j+½)s). No centre-ness, no objectness.
    Source: Tian et al., *FCOS*, 2019, in the manner of Lyu et al., *RTMDet*, 2022.

    Args:
        num_features: D.
        num_outputs: K classes.
        strides: Of the levels that state boxes.
        one_to_one: Add a second pair of towers, on features that it does not move, to be trained to
            state each object once: predictions then need no suppression. Source of the idea:
            Wang et al., *YOLOv10*, 2024.

    Shapes:
        {stride: (B, D, h, w)}, (H, W) -> `logits` (B, N, K); `boxes` (B, N, 4) xyxy in pixels of
        the input; `points` (N, 2) x, y; `strides` (N,); `extent` (4,) = W, H, W, H; with
        `one_to_one` also `one_to_one_logits` and `one_to_one_boxes`.
    """

    task_types = ("boxes",)
    class_layers = ("one_to_many.classes", "one_to_one.classes")

    def __init__(
        self,
        num_features: int,
        num_outputs: int,
        strides: Sequence[int],
        *,
        one_to_one: bool = False,
    ) -> None:
        super().__init__()
        self.strides = tuple(sorted(strides))
        self.one_to_many = Towers(num_features, num_outputs, self.strides)
        self.one_to_one = Towers(num_features, num_outputs, self.strides) if one_to_one else None

    @classmethod
    def strides_for(cls, image_size: tuple[int, int]) -> tuple[int, ...]:
        """All strides in small images; in larger ones the finest would cost more than it finds."""
        return STRIDES if min(image_size) <= SMALL_SIDE else STRIDES[1:]

    def forward(
        self, pyramid: Mapping[int, Tensor], image_size: tuple[int, int]
    ) -> dict[str, Tensor]:
        """Scores and boxes of all points, finest level first, row by row."""
        levels = [pyramid[stride] for stride in self.strides]
        points, strides = _grid(self.strides, levels)
        height, width = image_size
        extent = torch.tensor([width, height, width, height], device=points.device).float()
        logits, sides = self.one_to_many(levels)
        outputs = {
            "logits": logits,
            "boxes": _decode(points, strides, sides),
            "points": points,
            "strides": strides,
            "extent": extent,
        }
        if self.one_to_one is not None:
            logits, sides = self.one_to_one([level.detach() for level in levels])
            outputs["one_to_one_logits"] = logits
            outputs["one_to_one_boxes"] = _decode(points, strides, sides)
        return outputs

    def start_at(self, logits: Tensor) -> None:
        """Start from these (K,) logits at every point."""
        for towers in (self.one_to_many, self.one_to_one):
            if towers is not None and towers.classes.bias is not None:
                with torch.no_grad():
                    towers.classes.bias.copy_(logits)


def _by_point(maps: Tensor) -> Tensor:
    """(B, C, h, w) -> (B, h·w, C)."""
    return maps.permute(0, 2, 3, 1).flatten(1, 2)


def _grid(strides: Sequence[int], levels: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Points (N, 2) in pixels and strides (N,) of all levels."""
    points, scales = [], []
    for stride, level in zip(strides, levels, strict=True):
        height, width = level.shape[-2:]
        x = (torch.arange(width, device=level.device) + 0.5) * stride
        y = (torch.arange(height, device=level.device) + 0.5) * stride
        points.append(torch.stack([x.repeat(height), y.repeat_interleave(width)], -1))
        scales.append(torch.full((height * width,), float(stride), device=level.device))
    return torch.cat(points), torch.cat(scales)


def _decode(points: Tensor, strides: Tensor, sides: Tensor) -> Tensor:
    """Boxes (B, N, 4); bounded before the exponential, where a bound after it gives 0·∞ slopes."""
    distances = sides.clamp_max(LARGEST_LOG_DISTANCE).exp() * strides[:, None]
    return torch.cat([points - distances[..., :2], points + distances[..., 2:]], -1)

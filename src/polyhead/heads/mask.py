"""The mask head: one class per place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from polyhead.heads.spatial_head import SpatialHead


class Mask(SpatialHead):
    """Semantic segmentation from the fused pyramid: z = W₁·drop(SiLU(Σ_s up(P_s))).

    All levels are enlarged bilinearly to the finest and summed. The neck's last convolution of each
    level, which is normalised, replaces the branch's own.
    Source: the semantic branch of Kirillov et al., *Panoptic feature pyramid networks*, 2019.

    Args:
        num_features: D.
        num_outputs: K classes.
        strides: Of the levels that are fused.
        dropout: Share of channels set to zero in training.

    Shapes:
        {stride: (B, D, h, w)}, (H, W) -> logits (B, K, h, w) at the finest stride.
    """

    task_types = ("mask",)
    class_layers = ("classes",)

    def __init__(
        self,
        num_features: int,
        num_outputs: int,
        strides: Sequence[int],
        *,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.strides = tuple(sorted(strides))
        self.dropout = nn.Dropout2d(dropout)
        self.classes = nn.Conv2d(num_features, num_outputs, 1)
        nn.init.normal_(self.classes.weight, std=0.01)

    def forward(self, pyramid: Mapping[int, Tensor], image_size: tuple[int, int]) -> Tensor:  # noqa: ARG002
        """Logits at the finest stride."""
        finest = pyramid[self.strides[0]]
        fused = finest
        for stride in self.strides[1:]:
            level = functional.interpolate(
                pyramid[stride], finest.shape[-2:], mode="bilinear", align_corners=False
            )
            fused = fused + level
        return self.classes(self.dropout(functional.silu(fused)))

    def start_at(self, logits: Tensor) -> None:
        """Start from these (K,) logits everywhere."""
        if self.classes.bias is not None:
            with torch.no_grad():
                self.classes.bias.copy_(logits)

"""The model: one backbone, one head a task, one pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from torch import Tensor, nn

from polyhead.backbones import Backbone, Features
from polyhead.heads import Fpn, Head
from polyhead.losses import Loss, Outputs

PREFIX = "to_"  # a task may be called `type` or `keys`, which nn.Module has taken


class Network(nn.Module):
    """Shared backbone and the heads that read it.

    Args:
        backbone: Images to features; run once whatever the number of tasks.
        heads: Task name to head.
        losses: Task name to loss, held here because a loss knows what its logits mean: its
            inverse link belongs to the model and to every export.
        neck: From the backbone's pyramid to the one that spatial heads share; None without such.

    Shapes:
        images (B, 3, H, W) uint8 -> task name to its head's outputs.
    """

    def __init__(
        self,
        backbone: Backbone,
        heads: Mapping[str, Head],
        losses: Mapping[str, Loss],
        neck: Fpn | None = None,
    ) -> None:
        super().__init__()
        self.backbone, self.neck = backbone, neck
        self.heads = nn.ModuleDict({PREFIX + name: head for name, head in heads.items()})
        self.losses = nn.ModuleDict({PREFIX + name: loss for name, loss in losses.items()})

    @property
    def tasks(self) -> list[str]:
        """Task names, in order."""
        return [key.removeprefix(PREFIX) for key in self.heads]

    def head(self, task: str) -> Head:
        """The head of one task."""
        return cast(Head, self.heads[PREFIX + task])

    def loss(self, task: str) -> Loss:
        """The loss of one task."""
        return cast(Loss, self.losses[PREFIX + task])

    def forward(self, images: Tensor) -> dict[str, Outputs]:
        """Outputs of every head."""
        features: Features = self.backbone(images)
        pyramid = self.neck(features.pyramid) if self.neck is not None else {}
        size = (images.shape[-2], images.shape[-1])
        return {
            name: self.head(name)(pyramid, size)
            if self.head(name).reads == "pyramid"
            else self.head(name)(features.final)
            for name in self.tasks
        }

    def dense(self, outputs: Mapping[str, Outputs]) -> dict[str, dict[str, Tensor]]:
        """Probabilities and other arrays that `select` and the meters read.

        Args:
            outputs: As returned by `forward`.

        Returns:
            Task name to its dense arrays by name, as its loss's `dense` returns them.
        """
        return {name: self.loss(name).dense(z) for name, z in outputs.items()}

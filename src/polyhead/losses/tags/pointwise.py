"""The base class of losses with one term for each known cell."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from polyhead.losses.tags.named_loss import NamedTagsLoss


class PointwiseLoss(NamedTagsLoss, ABC):
    """A sum over cells of y·ℓ⁺(z) + (1−y)·ℓ⁻(z), divided by the number of known cells.

    Its inverse link is where the expected loss is stationary: odds(P) = ∂ℓ⁻/(−∂ℓ⁺).
    """

    @abstractmethod
    def cells(self, logits: Tensor, targets: Tensor) -> Tensor:
        """(B, L) fp32 losses of every cell.

        Args:
            logits: (B, L) fp32, finite.
            targets: (B, L) fp32 in [0, 1].
        """

    @property
    def image_factor(self) -> float:
        """L: an image costs the sum over its labels, as if all were known."""
        return float(len(self.scale))

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """Sum over known cells."""
        z = torch.where(known, logits.float(), 0.0)
        y = torch.where(known, targets.float(), 0.0)
        return torch.where(known, self.cells(z, y), 0.0).sum()

    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002
        """Known cells."""
        return known.sum()

"""What every head is."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Head(nn.Module, ABC):
    """One task's layers on the shared features.

    Positional arguments of every head are the number of feature channels D and the number of
    outputs L; its options are keywords.
    """

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """(B, D, H', W') -> logits (B, L)."""

    @abstractmethod
    def start_at(self, logits: Tensor) -> None:
        """Set the last bias to (L,) logits, so that training starts from the class priors."""

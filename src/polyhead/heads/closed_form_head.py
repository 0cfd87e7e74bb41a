"""The base class of heads that are fitted without gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from polyhead.heads.head import Head


class ClosedFormHead(Head, ABC):
    """A head that is fitted in one pass over the training part, and has no parameters.

    It passes no gradient to the features that it reads. Its outputs are log-odds for tags and
    log-probabilities up to a constant for class, so that its losses are `bce` and `cross_entropy`.
    """

    @abstractmethod
    def observe(self, features: Tensor, targets: Tensor, known: Tensor) -> None:
        """Take in one batch.

        Args:
            features: (B, D, H', W').
            targets: (B, L) of 0/1 for tags, (B,) of class indices for class; the value of an
                unknown cell is never read.
            known: bool, the shape of `targets`.
        """

    @abstractmethod
    def fit(self) -> None:
        """Set the weights from all batches observed since the last call.

        Raises:
            ValueError: Nothing was observed.
        """

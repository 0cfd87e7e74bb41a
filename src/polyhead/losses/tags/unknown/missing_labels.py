"""What every strategy for unknown cells is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar

import numpy as np
from torch import Tensor

from polyhead.tasks.statistics import LabelCounts


class MissingLabels(ABC):
    """What is made of the unknown cells of images of which something is known.

    An image of which nothing is known stays out, whatever the strategy: nobody looked at it.

    Args:
        counts: Of the training part.

    Attributes:
        joins_images: As of a loss: whether its penalty depends on several images at once.
        needs_link: Whether it reads probabilities while training, which only losses with an
            inverse link have.
    """

    needs_link: ClassVar[bool]
    joins_images: ClassVar[bool] = False

    def __init__(self, counts: LabelCounts) -> None:
        self._counts = counts

    def read(self, targets: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Targets and known cells (B, L) that the loss is given; as they are unless overridden."""
        return targets, known

    @abstractmethod
    def penalty(self, log_odds: Tensor, known: Tensor) -> Tensor:
        """What is added to the sum of the loss.

        Args:
            log_odds: (B, L) that the logits stand for.
            known: (B, L) as annotated.
        """

    def counts(self) -> LabelCounts:
        """The counts that the loss is told.

        Known cells of a class without a known no tell nothing of its share: it is taken for as
        frequent as its yeses among all images.
        """
        counts = self._counts
        return replace(counts, known=np.where(self.only_yes, counts.rows, counts.known))

    @property
    def only_yes(self) -> np.ndarray:
        """(L,) classes with a known yes, without a known no, and unknown elsewhere."""
        counts = self._counts
        says_yes = (counts.positive > 0) & (counts.positive == counts.known)
        return says_yes & (counts.known < counts.rows)

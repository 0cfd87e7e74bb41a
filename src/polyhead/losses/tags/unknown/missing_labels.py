"""The base class of strategies for unknown cells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar

import numpy as np
from torch import Tensor

from polyhead.tasks.statistics import LabelCounts


class MissingLabels(ABC):
    """How a loss treats unknown cells of images in which some cell is known.

    An image in which nothing is known stays out, whatever the strategy: nobody annotated it.

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
        """Targets and known cells (B, L) that the loss reads; unchanged by default."""
        return targets, known

    @abstractmethod
    def penalty(self, log_odds: Tensor, known: Tensor) -> Tensor:
        """A term that is added to the sum of the loss.

        Args:
            log_odds: (B, L) log-odds of the logits.
            known: (B, L) as annotated.
        """

    def counts(self) -> LabelCounts:
        """The counts that the loss is built from.

        Known cells of a class without a known negative say nothing about its share, which is
        therefore taken as that of its positives among all images.
        """
        counts = self._counts
        return replace(counts, known=np.where(self.only_yes, counts.rows, counts.known))

    @property
    def only_yes(self) -> np.ndarray:
        """(L,) classes with known positives, without known negatives, and with unknown cells."""
        counts = self._counts
        has_positives = (counts.positive > 0) & (counts.positive == counts.known)
        return has_positives & (counts.known < counts.rows)

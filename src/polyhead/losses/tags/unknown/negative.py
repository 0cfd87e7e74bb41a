"""Unknown cells count as no."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from polyhead.losses.tags.unknown.missing_labels import MissingLabels
from polyhead.tasks.statistics import LabelCounts


class Negative(MissingLabels):
    """Assume negative: unknown cells of an annotated image are taken for negatives.

    Right where annotators list what they see and leave out the rest; else probabilities come out
    too low by the share of positives that were left out.
    """

    needs_link = False

    def read(self, targets: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """0 in unknown cells, which are known where anything of the image is."""
        annotated = known.any(1, keepdim=True).expand_as(known)
        return torch.where(known, targets, torch.zeros_like(targets)), annotated

    def penalty(self, log_odds: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002
        """Nothing."""
        return log_odds.new_zeros(())

    def counts(self) -> LabelCounts:
        """Every cell of the images of which something is known counts as known."""
        counts = self._counts
        return replace(counts, known=np.maximum(counts.known, counts.rows))

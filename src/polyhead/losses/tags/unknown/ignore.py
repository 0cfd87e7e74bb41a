"""Unknown cells are left out."""

from __future__ import annotations

from torch import Tensor

from polyhead.losses.tags.unknown.missing_labels import MissingLabels


class Ignore(MissingLabels):
    """Unknown cells change no value and no gradient. Losses do so by themselves: the default."""

    needs_link = False

    def penalty(self, log_odds: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002
        """Nothing."""
        return log_odds.new_zeros(())

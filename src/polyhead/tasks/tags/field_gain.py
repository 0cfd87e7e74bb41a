"""Whether couplings between labels explain held-out pictures better than none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from polyhead.field import PairwiseField

SURE = 0.841  # as sure as a gain of one standard error over many pictures


@dataclass(frozen=True)
class FieldGain:
    """Log-likelihoods a picture, in nats, over the known labels of held-out pictures.

    Pseudo-likelihoods where the field is too large for log Z.

    Attributes:
        num_images: Pictures with a known label.
        coupled: With the field; None where there are no such pictures.
        independent: Without couplings, the labels calibrated by themselves.
        standard_error: Of the difference; None of a single picture.
    """

    num_images: int
    coupled: float | None = None
    independent: float | None = None
    standard_error: float | None = None

    @property
    def is_sure(self) -> bool:
        """Whether the field gains more than chance would: over many pictures, a standard error.

        The standard error of few pictures is itself unsure; Student's t asks for more.
        """
        if self.coupled is None or self.independent is None or self.standard_error is None:
            return False
        asked = float(stdtrit(self.num_images - 1, SURE))
        return self.coupled - self.independent > asked * self.standard_error

    def __str__(self) -> str:
        if self.coupled is None or self.independent is None:
            return "no validation picture has a known label to judge it by"
        error = "" if self.standard_error is None else f"± {self.standard_error:.3f}; "
        pictures = "picture" if self.num_images == 1 else "pictures"
        return (
            f"log-likelihood {self.coupled:.3f} a picture, {self.independent:.3f} without "
            f"couplings ({error}{self.num_images} validation {pictures})"
        )

    def to_dict(self) -> dict[str, Any]:
        """For `evaluation.json`."""
        return {
            "log_likelihood": self.coupled,
            "log_likelihood_independent": self.independent,
            "gain_standard_error": self.standard_error,
        }


def field_gain(
    field: PairwiseField, log_odds: np.ndarray, uncoupled: np.ndarray, targets: np.ndarray
) -> FieldGain:
    """Compare a field with labels that have no couplings, under the same rules.

    Args:
        field: Of these pictures, where it differs from picture to picture.
        log_odds: (N, L) its unaries.
        uncoupled: (N, L) log-odds of the labels without couplings.
        targets: (N, L) 1 yes, 0 no, -1 unknown; a known one in each row.
    """
    if not len(targets):
        return FieldGain(0)
    plain = PairwiseField.independent(len(field.means), field.rules)
    if field.is_exact:
        coupled = field.log_likelihood(log_odds, targets)
        without = plain.log_likelihood(uncoupled, targets)
    else:
        coupled = field.pseudo_log_likelihood(log_odds, targets)
        without = plain.pseudo_log_likelihood(uncoupled, targets)
    gain = coupled - without
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else None
    return FieldGain(len(gain), float(coupled.mean()), float(without.mean()), error)

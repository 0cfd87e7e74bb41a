"""Whether couplings between labels explain held-out pictures better than none."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from polyhead.field import PairwiseField
from polyhead.metrics import choose_calibration

SURE = 1.0  # standard errors that the gain must exceed


@dataclass(frozen=True)
class FieldGain:
    """Log-likelihoods a picture, in nats, over the known labels of held-out pictures.

    Pseudo-likelihoods where the field is too large for log Z.

    Attributes:
        coupled: With the field.
        independent: Without couplings, each label calibrated by itself.
        standard_error: Of the difference.
        num_images: Pictures with a known label.
    """

    coupled: float
    independent: float
    standard_error: float
    num_images: int

    @property
    def is_sure(self) -> bool:
        """Whether the field gains more than chance would."""
        return self.coupled - self.independent > SURE * self.standard_error

    def __str__(self) -> str:
        return (
            f"log-likelihood {self.coupled:.3f} a picture, {self.independent:.3f} without "
            f"couplings (± {self.standard_error:.3f}; {self.num_images} validation pictures)"
        )

    def to_dict(self) -> dict[str, Any]:
        """For `evaluation.json`."""
        return {
            "log_likelihood": self.coupled,
            "log_likelihood_independent": self.independent,
            "gain_standard_error": self.standard_error if isfinite(self.standard_error) else None,
        }


def field_gain(
    field: PairwiseField, log_odds: np.ndarray, targets: np.ndarray, gates: np.ndarray | None = None
) -> FieldGain:
    """Compare a field with the same log-odds uncoupled, under the same rules.

    Couplings and unaries were learnt together, so the uncoupled labels first get a calibration of
    their own, fitted on these very pictures: the comparison favours doing without.

    Args:
        field: As trained.
        log_odds: (N, L) its unaries.
        targets: (N, L) 1 yes, 0 no, -1 unknown.
        gates: (N, R), of a field that differs from picture to picture.
    """
    seen = (targets >= 0).any(1)
    unaries, known = log_odds[seen].astype(np.float64), targets[seen]
    if not len(known):
        return FieldGain(0.0, 0.0, 0.0, 0)
    own = choose_calibration(unaries, known, True)
    plain = own.log_odds(unaries)
    uncoupled = PairwiseField.independent(len(field.means), field.rules)
    if gates is not None and field.directions is not None:
        field = field.of_images(gates[seen])
    if field.is_exact:
        without = uncoupled.log_likelihood(plain, known)
        coupled = field.log_likelihood(unaries, known)
    else:
        without = uncoupled.pseudo_log_likelihood(plain, known)
        coupled = field.pseudo_log_likelihood(unaries, known)
    gain = coupled - without
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else float("inf")
    return FieldGain(float(coupled.mean()), float(without.mean()), error, len(gain))

"""Whether couplings between labels explain held-out images better than none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from polyhead.field import PairwiseField

SMALLEST = 1e-12  # of a probability, so that one image does not decide
SURE = 0.841  # as sure as a gain of one standard error over many images


@dataclass(frozen=True)
class FieldGain:
    """Log-likelihoods an image, in nats, over the known labels of held-out images.

    Pseudo-likelihoods where the field is too large for log Z.

    Attributes:
        num_images: Images with a known label.
        coupled: With the field; None where there are no such images.
        independent: Without couplings, the labels calibrated by themselves.
        standard_error: Of the difference; None of a single image.
        log_loss: Of the marginals that the field answers with, in nats a known label.
        log_loss_independent: Without couplings.
        loses: Whether the field's is larger, by more than a standard error.
    """

    num_images: int
    coupled: float | None = None
    independent: float | None = None
    standard_error: float | None = None
    log_loss: float | None = None
    log_loss_independent: float | None = None
    loses: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether the field gains more than chance would: over many images, a standard error.

        The standard error of few images is itself unsure; Student's t asks for more. Nor may the
        probabilities that it answers with be worse ones.
        """
        from scipy.special import stdtrit

        if self.coupled is None or self.independent is None or self.standard_error is None:
            return False
        asked = float(stdtrit(self.num_images - 1, SURE))
        gains = self.coupled - self.independent > asked * self.standard_error
        return gains and not self.loses

    def __str__(self) -> str:
        if self.coupled is None or self.independent is None:
            return "no validation image has a known label to judge it by"
        error = "" if self.standard_error is None else f"± {self.standard_error:.3f}; "
        noun = "image" if self.num_images == 1 else "images"
        answers = ""
        if self.loses:
            answers = f", and log loss {self.log_loss:.3f} a label, {self.log_loss_independent:.3f}"
        return (
            f"log-likelihood {self.coupled:.3f} an image, {self.independent:.3f} without "
            f"couplings{answers} ({error}{self.num_images} validation {noun})"
        )

    def to_dict(self) -> dict[str, Any]:
        """For `evaluation.json`."""
        return {
            "log_likelihood": self.coupled,
            "log_likelihood_independent": self.independent,
            "gain_standard_error": self.standard_error,
            "log_loss": self.log_loss,
            "log_loss_independent": self.log_loss_independent,
        }


def field_gain(
    field: PairwiseField, log_odds: np.ndarray, uncoupled: np.ndarray, targets: np.ndarray
) -> FieldGain:
    """Compare a field with labels that have no couplings, under the same rules.

    Args:
        field: Of these images, where it differs from image to image.
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
    mean = float(coupled.mean()), float(without.mean())
    losses = [
        _log_loss(field.marginals(log_odds), targets),
        _log_loss(plain.marginals(uncoupled), targets),
    ]
    num_known = (targets >= 0).sum()
    coupled_loss, plain_loss = (float(loss.sum() / num_known) for loss in losses)
    excess = losses[0] - losses[1]
    loses = bool(excess.mean() > (_error(excess) or 0))
    return FieldGain(len(gain), *mean, _error(gain), coupled_loss, plain_loss, loses)


def _error(values: np.ndarray) -> float | None:
    """The standard error of a mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None


def _log_loss(probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(N,) summed over the known labels of each image."""
    of_truth = np.where(targets == 1, probabilities, 1 - probabilities)
    return -np.where(targets >= 0, np.log(np.maximum(of_truth, SMALLEST)), 0).sum(1)

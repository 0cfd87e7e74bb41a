"""Whether a tags task answers by its couplings, and the calibration that goes with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyhead.field import PairwiseField
from polyhead.metrics import Calibration
from polyhead.tasks.tags.field_calibration import calibrate_field
from polyhead.tasks.tags.field_gain import FieldGain, field_gain
from polyhead.tasks.tags.uncoupled import Uncoupled


@dataclass(frozen=True)
class FieldChoice:
    """What validation says of a field as trained.

    Attributes:
        gain: Of the field over labels without couplings; it is kept where this is sure.
        field: What answers: the field, the rules alone of one that was dropped, or None.
        calibration: Of the log-odds, for what answers; None without an image to fit it on.
        uncoupled: From these to log-odds without couplings, where the field is kept.
    """

    gain: FieldGain
    field: PairwiseField | None
    calibration: Calibration | None = None
    uncoupled: Uncoupled | None = None


def choose_field(
    field: PairwiseField, log_odds: np.ndarray, targets: np.ndarray, gates: np.ndarray | None
) -> FieldChoice:
    """Keep a field where the held-out likelihood improves by it, or drop its couplings.

    It is dropped, too, where the log loss of the marginals that it would answer with is larger:
    likelihoods of all labels together, or of each given the others, do not show that.

    Both sides are first calibrated on these very images, the labels by themselves with more
    freedom: the comparison favours doing without. Under rules what remains of a field is still
    one, for log-odds learnt under rules are those of no label by itself.

    Args:
        field: As trained.
        log_odds: (N, L) its unaries, as trained.
        targets: (N, L) 1 yes, 0 no, -1 unknown; a known one in each row.
        gates: (N, R), of a field that differs from image to image.
    """
    rules_alone = PairwiseField(np.zeros_like(field.couplings), field.means, field.rules)
    dropped = rules_alone if field.rules else None
    if not len(targets):
        return FieldChoice(FieldGain(0), dropped)
    bound = field if gates is None else field.of_images(gates)
    joint = calibrate_field(bound, log_odds, targets)
    own = calibrate_field(rules_alone, log_odds, targets)
    gain = field_gain(bound, joint.log_odds(log_odds), own.log_odds(log_odds), targets)
    if gain.is_sure:
        return FieldChoice(gain, field, joint, Uncoupled.of(own, joint))
    return FieldChoice(gain, dropped, own)

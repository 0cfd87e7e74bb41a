"""One point to each box, so that predictions need no suppression."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from polyhead.losses.boxes.assignment import NOBODY, AssignmentInputs, one_point_each
from polyhead.losses.boxes.overlap import overlap

SCORE_POWER = 0.5
OVERLAP_POWER = 6.0
TINY = 1e-7


def assign_one_to_one(inputs: AssignmentInputs) -> Tensor:
    """Each box takes the one point inside it with the greatest σ^½·IoU⁶ in its class.

    A point that several boxes want goes to the greatest; a box left without one takes the nearest
    free point.
    Source: the alignment of Feng et al., *TOOD*, 2021.

    Returns:
        (N,) index of each point's box, -1 for none; every box occurs once.
    """
    inside = inputs.sides().amin(-1) > 0
    shared = overlap(inputs.predicted[:, None], inputs.boxes)
    scores = logsigmoid(inputs.logits[:, inputs.labels])
    match = SCORE_POWER * scores + OVERLAP_POWER * (shared + TINY).log()
    match = torch.where(inside, match, -float("inf"))
    greatest, points = match.max(0, keepdim=True)
    taken = torch.zeros_like(inside).scatter(0, points, greatest > -float("inf"))
    greatest, owners = torch.where(taken, match, -float("inf")).max(1)
    return one_point_each(torch.where(greatest > -float("inf"), owners, NOBODY), inputs)

"""Points to boxes by what the head states already."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from polyhead.losses.boxes.assignment import NOBODY, AssignmentInputs, one_point_each
from polyhead.losses.boxes.overlap import overlap
from polyhead.losses.boxes.quality_focal import quality_focal

MOST_POINTS = 13
OVERLAP_WEIGHT = 3.0
CENTRE_RADIUS = 3.0  # in strides
TINY = 1e-7


def assign_dynamic(inputs: AssignmentInputs) -> Tensor:
    """Each box takes the k points inside it that explain it at the least cost.

    cost = Σ_c QFL(z_c, y_c) − 3·log IoU + 10^(‖p−c‖/s − 3), with y the IoU in the box's class and
    0 elsewhere, over known classes; k = max(1, ⌊sum of the 13 greatest IoU⌋). A point that several
    boxes take goes to the one of least cost; a box left without a point takes the nearest free one.
    Source: dynamic soft label assignment of Lyu et al., *RTMDet*, 2022.

    Returns:
        (N,) index of each point's box, -1 for none.
    """
    inside = inputs.sides().amin(-1) > 0
    shared = overlap(inputs.predicted[:, None], inputs.boxes)
    distance = inputs.offsets().norm(dim=-1) / inputs.grid.strides[:, None]
    cost = _class_cost(inputs, shared) - OVERLAP_WEIGHT * (shared + TINY).log()
    cost = torch.where(inside, cost + 10 ** (distance - CENTRE_RADIUS), float("inf"))
    most = min(MOST_POINTS, len(cost))
    wanted = torch.where(inside, shared, 0.0).topk(most, 0).values.sum(0).floor().clamp_min(1)
    least, points = cost.topk(most, 0, largest=False)
    rank = torch.arange(most, device=cost.device)[:, None]
    taken = (rank < wanted) & (least < float("inf"))
    taken = torch.zeros_like(inside).scatter(0, points, taken)
    least, owners = torch.where(taken, cost, float("inf")).min(1)
    return one_point_each(torch.where(least < float("inf"), owners, NOBODY), inputs)


def _class_cost(inputs: AssignmentInputs, shared: Tensor) -> Tensor:
    """(N, M) quality focal loss of each point if it stood for each box."""
    logits, known = inputs.logits, inputs.known
    background = torch.where(known, torch.sigmoid(logits).square() * softplus(logits), 0.0)
    own = quality_focal(logits[:, inputs.labels], shared)
    own = torch.where(known[inputs.labels], own, 0.0)
    return background.sum(1, keepdim=True) - background[:, inputs.labels] + own

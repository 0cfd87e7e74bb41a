"""Points to boxes by geometry alone."""

from __future__ import annotations

import torch
from torch import Tensor

from polyhead.losses.boxes.assignment import NOBODY, AssignmentInputs, one_point_each

CENTRE_RADIUS = 1.5  # in strides


def assign_static(inputs: AssignmentInputs) -> Tensor:
    """A point is positive for a box that it lies in, near the centre, on the level for its size.

    With l, t, r, b the distances to the sides, c the centre and s the stride: min(l, t, r, b) > 0,
    ‖p−c‖∞ < 1.5·s and least < max(l, t, r, b) ≤ most of the level; the smallest box wins. A box
    that this leaves without a point takes the nearest free one. Needs no predictions, so it
    teaches from the first step.
    Source: Tian et al., *FCOS*, 2019, and centre sampling of its later version; the last rule is
    added, without which boxes smaller than a cell are never learnt.

    Returns:
        (N,) index of each point's box, -1 for none.
    """
    grid, sides = inputs.grid, inputs.sides()
    near = inputs.offsets().abs().amax(-1) < CENTRE_RADIUS * grid.strides[:, None]
    reach = sides.amax(-1)
    fits = (grid.least[:, None] < reach) & (reach <= grid.most[:, None])
    area = (inputs.boxes[:, 2:] - inputs.boxes[:, :2]).prod(-1)
    wanted = (sides.amin(-1) > 0) & near & fits
    smallest, owners = torch.where(wanted, area, float("inf")).min(1)
    owners = torch.where(smallest < float("inf"), owners, NOBODY)
    return one_point_each(owners, inputs)

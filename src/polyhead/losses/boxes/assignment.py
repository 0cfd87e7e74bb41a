"""Input of the assigners of points to boxes, and the guarantee that they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

NOBODY = -1


@dataclass(frozen=True)
class Grid:
    """The N points of all levels.

    Attributes:
        points: (N, 2) x, y in pixels.
        strides: (N,).
        least: (N,) what half the longer side of a box exceeds on its level; in the same way
        most: (N,) what it does not exceed: 8 strides, without bound on the coarsest level.
    """

    points: Tensor
    strides: Tensor
    least: Tensor
    most: Tensor

    @classmethod
    def of(cls, points: Tensor, strides: Tensor) -> Grid:
        """The grid with the sizes that each level is for."""
        levels, level = strides.unique(return_inverse=True)
        bounds = 8 * levels
        unbounded = torch.full_like(bounds[:1], float("inf"))
        most = torch.cat([bounds[:-1], unbounded])[level]
        least = torch.cat([torch.full_like(bounds[:1], -1.0), bounds[:-1]])[level]
        return cls(points, strides, least, most)


@dataclass(frozen=True)
class AssignmentInputs:
    """One image's M ≥ 1 objects and the head's outputs at each of N points.

    Attributes:
        grid: The points.
        boxes: (M, 4) xyxy in pixels.
        labels: (M,) class indices.
        logits: (N, K).
        predicted: (N, 4) boxes.
        known: (K,) classes that the image was annotated for.
    """

    grid: Grid
    boxes: Tensor
    labels: Tensor
    logits: Tensor
    predicted: Tensor
    known: Tensor

    def sides(self) -> Tensor:
        """(N, M, 4) distances from each point to the left, top, right and bottom of each box."""
        points = self.grid.points[:, None]
        return torch.cat([points - self.boxes[:, :2], self.boxes[:, 2:] - points], -1)

    def offsets(self) -> Tensor:
        """(N, M, 2) from the centre of each box to each point."""
        return self.grid.points[:, None] - (self.boxes[:, :2] + self.boxes[:, 2:]) / 2


Assigner = Callable[[AssignmentInputs], Tensor]
"""Image -> (N,) index of the box that each point is positive for, -1 for none."""


def one_point_each(owners: Tensor, inputs: AssignmentInputs) -> Tensor:
    """Give every box without a point the nearest free one, of its own level first.

    Every box ends with a point unless there are more boxes than points. Where several want the
    same point, the first gets it and the others look again.

    Args:
        owners: (N,) box of each point, -1 for none.
        inputs: The image's points and boxes.
    """
    distance = _preference(inputs)
    if (_waiting(owners, inputs).sum() > (owners == NOBODY).sum()).item():
        owners = _release(owners, distance)
    while True:
        waiting = _waiting(owners, inputs).nonzero()[:, 0]
        if not len(waiting) or not (owners == NOBODY).any():
            return owners
        free = torch.where(owners == NOBODY, distance[:, waiting].T, float("inf"))
        first = torch.full_like(owners, len(inputs.boxes))
        first.scatter_reduce_(0, free.argmin(1), waiting, "amin")
        owners = torch.where(first < len(inputs.boxes), first, owners)


def _preference(inputs: AssignmentInputs) -> Tensor:
    """(N, M) distances to the centres, points of other levels behind all of a box's own."""
    grid = inputs.grid
    distance = inputs.offsets().norm(dim=-1)
    half = (inputs.boxes[:, 2:] - inputs.boxes[:, :2]).amax(-1) / 2
    is_own = (grid.least[:, None] < half) & (half <= grid.most[:, None])
    return torch.where(is_own, distance, distance + distance.max() + 1)


def _waiting(owners: Tensor, inputs: AssignmentInputs) -> Tensor:
    """(M,) boxes that have no point."""
    held = torch.bincount(owners[owners != NOBODY], minlength=len(inputs.boxes))
    return held == 0


def _release(owners: Tensor, distance: Tensor) -> Tensor:
    """Leave every box its nearest point only, so that the crowd finds room."""
    boxes = torch.arange(distance.shape[1], device=owners.device)
    held = owners[:, None] == boxes
    nearest = torch.where(held, distance, float("inf")).argmin(0)
    has_any = held.any(0)
    released = torch.full_like(owners, NOBODY)
    released[nearest[has_any]] = boxes[has_any]
    return released

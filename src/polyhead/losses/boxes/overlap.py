"""Intersection over union of boxes."""

from __future__ import annotations

import torch
from torch import Tensor


def overlap(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union, 0 where both boxes are empty.

    Args:
        boxes: (…, 4) xyxy.
        others: (…, 4) xyxy, broadcast against `boxes`: (N, 1, 4) and (M, 4) give (N, M).
    """
    low = torch.maximum(boxes[..., :2], others[..., :2])
    high = torch.minimum(boxes[..., 2:], others[..., 2:])
    shared = (high - low).clamp_min(0).prod(-1)
    union = _area(boxes) + _area(others) - shared
    return torch.where(union > 0, shared / union, 0.0)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).prod(-1)

"""From a map of features to one vector."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

Pooling = Literal["avg", "max", "avg_max"]


def pool(features: Tensor, pooling: Pooling) -> Tensor:
    """Mean, largest value, or the mean of both, over the places of a map.

    Args:
        features: (B, D, H', W').
        pooling: `max` sees what fills little of an image, `avg` what fills it.

    Returns:
        (B, D).
    """
    if pooling == "avg":
        return features.mean((2, 3))
    if pooling == "max":
        return features.amax((2, 3))
    return (features.mean((2, 3)) + features.amax((2, 3))) / 2

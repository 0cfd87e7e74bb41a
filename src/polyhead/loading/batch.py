"""Samples and batches of images with their targets.

Dimension letters, used in every shape comment: N rows of a table, B images of a batch,
C channels, H height, W width, D features, L labels of a tags task, K classes of a class task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One image with its targets.

    Attributes:
        image: (H, W, 3) uint8 array, or (3, H, W) uint8 tensor after augmentation.
        targets: Task name to encoded target, as its encoder's `sample` gives it.
        row: Row of the table.
    """

    image: Any
    targets: Mapping[str, Any]
    row: int


@dataclass(frozen=True)
class Batch:
    """B images with their targets, as tensors.

    Attributes:
        images: (B, 3, H, W) uint8.
        targets: Task name to (B, …) targets; the value of an unknown cell means nothing.
        known: Task name to bool tensor: which cells count.
        rows: (B,) int64, rows of the table.
    """

    images: Any
    targets: Mapping[str, Any]
    known: Mapping[str, Any]
    rows: Any

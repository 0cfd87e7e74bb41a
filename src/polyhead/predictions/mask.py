"""The class of each pixel of one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from polyhead.table.run_lengths import encode_region

LEAST_SHARE = 0.05  # of an image: what covers less is not told in words


@dataclass(frozen=True, eq=False)
class MaskPrediction:
    """The class of each pixel of one picture.

    Attributes:
        classes: Names in the order of the indices.
        mask: (H, W) uint8 class index of each pixel of the displayed picture; 255 is unknown.
    """

    classes: tuple[str, ...]
    mask: np.ndarray

    @property
    def shares(self) -> dict[str, float]:
        """The share of the picture that each class covers, largest first, absent ones left out.

        Unknown pixels are part of the picture, so that with them the shares sum to less than 1.
        """
        counts = self._counts / self.mask.size
        order = np.argsort(-counts, kind="stable").tolist()
        return {self.classes[k]: float(counts[k]) for k in order if counts[k]}

    @property
    def _counts(self) -> np.ndarray:
        """Pixels of each class; those of no class, such as 255, are none's."""
        return np.bincount(self.mask.ravel(), minlength=256)[: len(self.classes)]

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape of one mask task: COCO run lengths of each class that is present."""
        present = np.flatnonzero(self._counts)
        regions = [
            {"label": self.classes[k], "counts": encode_region(self.mask == k)} for k in present
        ]
        size = list(self.mask.shape)
        return {"type": "mask", "classes": list(self.classes), "size": size, "rle": regions}

    def __str__(self) -> str:
        shares = self.shares
        seen = [f"{label} {share:.0%}" for label, share in shares.items() if share >= LEAST_SHARE]
        return ", ".join(seen if len(seen) == len(shares) else [*seen, "…"])

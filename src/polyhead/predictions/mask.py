"""The class of each pixel of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from polyhead.predictions.drawing.mask import draw_mask
from polyhead.predictions.drawing.palette import Paint
from polyhead.predictions.drawing.section import MAX_LEGEND, Bar, Section, percent
from polyhead.predictions.task_prediction import SpatialPrediction
from polyhead.table.number_text import decimal_text
from polyhead.table.run_lengths import encode_region

LEAST_SHARE = 0.05  # of an image: what covers less is left out of its words


@dataclass(frozen=True, eq=False)
class MaskPrediction(SpatialPrediction):
    """The class of each pixel of one image.

    Attributes:
        classes: Names in the order of the indices.
        mask: (H, W) uint8 class index of each pixel of the displayed image; 255 is unknown.
    """

    type: ClassVar[str] = "mask"
    classes: tuple[str, ...]
    mask: np.ndarray

    @property
    def shares(self) -> dict[str, float]:
        """The share of the image that each class covers, largest first, absent ones left out.

        Unknown pixels are part of the image, so that with them the shares sum to less than 1.
        """
        counts = self._counts / self.mask.size
        order = np.argsort(-counts, kind="stable").tolist()
        return {self.classes[k]: float(counts[k]) for k in order if counts[k]}

    @property
    def _counts(self) -> np.ndarray:
        """Pixels of each class; those of no class, such as 255, are none's."""
        return np.bincount(self.mask.ravel(), minlength=256)[: len(self.classes)]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of one mask task: COCO run lengths of each class that is present."""
        present = np.flatnonzero(self._counts)
        regions = [
            {"label": self.classes[k], "counts": encode_region(self.mask == k)} for k in present
        ]
        size = list(self.mask.shape)
        return {"type": self.type, "classes": list(self.classes), "size": size, "rle": regions}

    def __str__(self) -> str:
        shares = self.shares
        seen = [f"{label} {share:.0%}" for label, share in shares.items() if share >= LEAST_SHARE]
        return ", ".join(seen if len(seen) == len(shares) else [*seen, "…"])

    def section(self, paints: Mapping[str, Paint]) -> Section:
        """The share of the known pixels that each class covers."""
        counts = self._counts
        shares = counts / max(counts.sum(), 1)
        bars = [
            Bar(name, share, percent(share), paints[name], swatch=True)
            for name, share in zip(self.classes, shares.tolist(), strict=True)
            if share
        ]
        bars.sort(key=lambda bar: -bar.share)
        answer = f"{len(bars)} of {len(self.classes)}"
        return Section(answer, bars[:MAX_LEGEND], len(bars[MAX_LEGEND:]))

    def cells(self) -> list[str]:
        """In words, then the share of the image, 0 to 1, that each class covers."""
        shares = self.shares
        return [str(self), *(decimal_text(shares.get(label, 0.0)) for label in self.classes)]

    def drawn_classes(self) -> tuple[str, ...]:
        """The classes of the task."""
        return self.classes

    def draw_on(
        self, image: Image.Image, size: tuple[int, int], paints: Mapping[str, Paint]
    ) -> Image.Image:
        """The colour of each pixel's class over the image."""
        del size  # a mask is stretched to whatever is shown
        return draw_mask(image, self.mask, [paints[name] for name in self.classes])

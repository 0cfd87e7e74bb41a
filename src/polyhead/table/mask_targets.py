"""Targets of a mask task: where the masks of a whole table are."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import overload

import numpy as np

from polyhead.table.mask_sources import UNKNOWN_PIXEL, MaskFiles, MaskSegments

Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True, eq=False)
class MaskTargets:
    """Where the masks of N images are; each is decoded when it is asked for.

    `targets[3]` is the mask of one image: (H, W) uint8, index of the class, 255 unknown, all
    255 where the row has no mask. `targets[rows]` has these rows alone.

    Attributes:
        source: Files, or segments to be filled.
        sizes: (N, 2) int32, height and width of the displayed images; 0 where unreadable.
        known: (N,) bool, rows that have a mask.
        present: (N, K) int8, whether a pixel of the class is there: 1 yes, 0 no, -1 unknown, as
            all are before the pixels were checked.
    """

    source: MaskFiles | MaskSegments
    sizes: np.ndarray
    known: np.ndarray
    present: np.ndarray

    def __len__(self) -> int:
        return len(self.sizes)

    @overload
    def __getitem__(self, rows: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, rows: np.ndarray) -> MaskTargets: ...
    def __getitem__(self, rows: int | np.ndarray) -> np.ndarray | MaskTargets:
        """One mask, or some rows.

        Raises:
            ImageError: The mask cannot be read, has another size than the image, or holds other
                values than the classes: `E_MASK_MISSING`, `E_MASK_FORMAT`, `E_MASK_SIZE`,
                `E_MASK_VALUE`.
        """
        if isinstance(rows, np.ndarray) and rows.ndim:
            return self._take(np.arange(len(self))[rows])
        row = range(len(self))[operator.index(rows)]
        height, width = self.sizes[row].tolist()
        if not self.known[row]:
            return np.full((height, width), UNKNOWN_PIXEL, np.uint8)
        return self.source.decode(row, (height, width), self.present.shape[1])

    def _take(self, rows: np.ndarray) -> MaskTargets:
        source = self.source.take(rows)
        return MaskTargets(source, self.sizes[rows], self.known[rows], self.present[rows])

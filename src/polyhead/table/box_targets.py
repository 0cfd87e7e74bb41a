"""Targets of a boxes task: of one image and of a whole table."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from typing import overload

import numpy as np

from polyhead.table.ragged import take_ragged

Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True, eq=False)
class ImageBoxes:
    """The boxes of one image.

    Attributes:
        boxes_xyxy: (M, 4) float32, x_min, y_min, x_max, y_max in pixels.
        labels: (M,) int64, index of the class.
        ignored: (M,) bool, neither to be found nor to be missed: crowds, difficult ones, slivers.
        known: (K,) bool, classes that the image was annotated for; all False where it was not
            annotated.
    """

    boxes_xyxy: np.ndarray
    labels: np.ndarray
    ignored: np.ndarray
    known: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def resized(self, from_size: Size, to_size: Size) -> ImageBoxes:
        """The boxes after the image was stretched from one height and width to another."""
        (height, width), (new_height, new_width) = from_size, to_size
        factors = np.array([new_width / width, new_height / height] * 2)
        return replace(self, boxes_xyxy=(self.boxes_xyxy * factors).astype(np.float32))


@dataclass(frozen=True, eq=False)
class BoxTargets:
    """The boxes of N images in columns, which loader workers share.

    `targets[3]` is the `ImageBoxes` of one image; `targets[rows]` has these rows alone.

    Attributes:
        offsets: (N + 1,) int64; the boxes of row i are `offsets[i]:offsets[i + 1]`.
        boxes_xyxy: (M, 4) float32, pixels of the displayed images.
        labels: (M,) int64, index of the class.
        ignored: (M,) bool, as in `ImageBoxes`.
        areas: (M,) float64, visible pixels as annotated, else width · height.
        known: (N, K) bool, as in `ImageBoxes`.
        sizes: (N, 2) int32, height and width of the displayed images; 0 where unreadable.
        image_ids: (N,) int64, the annotation file's where it has any, else the row + 1.
        category_ids: (K,) int64, the annotation file's, else the index + 1.
    """

    offsets: np.ndarray
    boxes_xyxy: np.ndarray
    labels: np.ndarray
    ignored: np.ndarray
    areas: np.ndarray
    known: np.ndarray
    sizes: np.ndarray
    image_ids: np.ndarray
    category_ids: np.ndarray

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def rows(self) -> np.ndarray:
        """(M,) int64, the row of each box."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @overload
    def __getitem__(self, rows: int) -> ImageBoxes: ...
    @overload
    def __getitem__(self, rows: np.ndarray) -> BoxTargets: ...
    def __getitem__(self, rows: int | np.ndarray) -> ImageBoxes | BoxTargets:
        if isinstance(rows, np.ndarray) and rows.ndim:
            return self._take(np.arange(len(self))[rows])
        row = range(len(self))[operator.index(rows)]
        own = slice(self.offsets[row], self.offsets[row + 1])
        return ImageBoxes(
            self.boxes_xyxy[own], self.labels[own], self.ignored[own], self.known[row]
        )

    def _take(self, rows: np.ndarray) -> BoxTargets:
        offsets, boxes = take_ragged(self.offsets, rows)
        return BoxTargets(
            offsets,
            self.boxes_xyxy[boxes],
            self.labels[boxes],
            self.ignored[boxes],
            self.areas[boxes],
            self.known[rows],
            self.sizes[rows],
            self.image_ids[rows],
            self.category_ids,
        )

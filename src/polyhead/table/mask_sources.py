"""Where masks come from: image files of class indices, or the segments of objects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from polyhead.errors import ImageError
from polyhead.table.mask_map import UNDECLARED, UNKNOWN_PIXEL, MaskMap
from polyhead.table.mask_pixels import read_mask
from polyhead.table.named_files import named_file
from polyhead.table.ragged import take_ragged
from polyhead.table.run_lengths import fill_region

_MANY = 8  # values that are neither a class nor unknown
_INSTANCES = 1000  # values that no set of classes reaches


@dataclass(frozen=True, eq=False)
class MaskFiles:
    """Masks in image files whose pixel values or colours are classes.

    Attributes:
        folder: What relative names start at.
        names: (N,) Arrow texts; null where the row has no mask.
        meaning: The class of each value or colour; the classes in their order when None.
    """

    folder: Path
    names: pa.Array
    meaning: MaskMap | None = None

    def take(self, rows: np.ndarray) -> MaskFiles:
        """Some of the rows."""
        return replace(self, names=self.names.take(pa.array(rows)))

    def path(self, row: int) -> Path:
        """The file of one row."""
        return named_file(self.folder, self.names[row].as_py())

    def decode(self, row: int, size: tuple[int, int], num_classes: int) -> np.ndarray:
        """(H, W) uint8 class indices, 255 unknown; raises as `MaskTargets`."""
        meaning = self.meaning or MaskMap.in_order(num_classes)
        pixels = read_mask(
            self.path(row), size, in_colours=meaning.is_colour, lossy=meaning.is_declared
        )
        if pixels.is_lossy:
            return meaning.nearest(pixels.codes).astype(np.uint8)
        codes = pixels.codes
        if pixels.mode == "1" and not (meaning.codes == 1).any():
            codes = codes * np.uint8(255)  # one bit, which programs show as black and white
        classes = meaning.classes_of(codes)
        if (classes == UNDECLARED).any():
            odd = distinct(codes[classes == UNDECLARED]).tolist()
            raise _undeclared(self.names[row].as_py(), odd, meaning, num_classes)
        return classes.astype(np.uint8)

    def is_lossy(self, row: int) -> bool:
        """Whether the mask of a row is a JPEG, whose values moved."""
        with self.path(row).open("rb") as file:
            return file.read(3) == b"\xff\xd8\xff"


def _undeclared(name: str, odd: list[int], meaning: MaskMap, num_classes: int) -> ImageError:
    """The error of codes that are neither a class nor unknown."""
    what = "colour" if meaning.is_colour else "value"
    key = f"{what}s"
    found = f"{name} holds the {what}{'s' * (len(odd) > 1)} {meaning.shown(odd)}"
    if not meaning.is_declared:
        message = (
            f"{found}; expected 0 to {num_classes - 1} for the {num_classes} `classes` in their "
            "order, or 255 for unknown; mend the mask, declare all classes, or say which value is "
            "which class in `values`"
        )
    else:
        declared = meaning.codes[meaning.classes != UNKNOWN_PIXEL].tolist()
        message = (
            f"{found}; expected those that `{key}` names ({meaning.shown(declared)}); add what "
            f"is missing to `{key}` with a class, or to `ignore` as unknown"
        )
    if _are_between(odd, meaning):
        message += (
            "; so many of them are what smoothed or resized edges leave: write the masks again by "
            "the nearest neighbour, or say `ignore: others`, and they are unknown"
        )
    elif not meaning.is_colour and max(odd) >= _INSTANCES:
        message += (
            "; numbers so great are ids of instances, such as 1000 times the class and a number: "
            "take the masks of classes that come with them (Cityscapes: labelIds)"
        )
    return ImageError(message, code="E_MASK_VALUE")


def _are_between(odd: list[int], meaning: MaskMap) -> bool:
    if meaning.is_colour:
        return len(odd) > _MANY
    return meaning.is_declared and len(odd) > _MANY and max(odd) < 256


def distinct(values: np.ndarray) -> np.ndarray:
    """The distinct values of an integer image, in order."""
    if values.dtype != np.uint8:
        return np.unique(values)
    return np.flatnonzero(np.bincount(values.ravel()))  # on bytes ten times as quick as sorting


@dataclass(frozen=True, eq=False)
class MaskSegments:
    """Masks to be filled from the segments of objects.

    Smaller objects lie on larger ones. The box of an object without segment is unknown.

    Attributes:
        offsets: (N + 1,) int64; the objects of row i are `offsets[i]:offsets[i + 1]`.
        labels: (M,) uint8, class index; 255 where the label is no class.
        segmentations: (M,) Arrow texts as `fill_region` reads them, or null.
        boxes_xyxy: (M, 4) boxes in the unit of the segments.
        uncovered: (N,) uint8, what a pixel under no object is.
        fractions: Whether coordinates are fractions of the image.
    """

    offsets: np.ndarray
    labels: np.ndarray
    segmentations: pa.Array
    boxes_xyxy: np.ndarray
    uncovered: np.ndarray
    fractions: bool

    def take(self, rows: np.ndarray) -> MaskSegments:
        """Some of the rows."""
        offsets, objects = take_ragged(self.offsets, rows)
        return replace(
            self,
            offsets=offsets,
            labels=self.labels[objects],
            segmentations=self.segmentations.take(pa.array(objects)),
            boxes_xyxy=self.boxes_xyxy[objects],
            uncovered=self.uncovered[rows],
        )

    def decode(self, row: int, size: tuple[int, int], num_classes: int) -> np.ndarray:  # noqa: ARG002
        """(H, W) uint8 class indices, 255 unknown; raises as `MaskTargets`."""
        mask = np.full(size, self.uncovered[row], np.uint8)
        objects = range(self.offsets[row], self.offsets[row + 1])
        regions = [(self._region(item, size), self._label(item)) for item in objects]
        for region, label in sorted(regions, key=lambda pair: -int(pair[0].sum())):
            mask[region] = label
        return mask

    def _label(self, item: int) -> int:
        known = self.segmentations[item].is_valid
        return int(self.labels[item]) if known else UNKNOWN_PIXEL

    def _region(self, item: int, size: tuple[int, int]) -> np.ndarray:
        text = self.segmentations[item].as_py()
        if text is not None:
            return fill_region(text, size, fractions=self.fractions)
        height, width = size
        factors = np.array([width, height] * 2 if self.fractions else [1.0] * 4)
        limits = np.array([width, height] * 2)
        corners = np.nan_to_num(self.boxes_xyxy[item] * factors)
        x0, y0 = np.floor(np.clip(corners, 0, limits)[:2]).astype(int)
        x1, y1 = np.ceil(np.clip(corners, 0, limits)[2:]).astype(int)
        region = np.zeros(size, bool)
        region[y0:y1, x0:x1] = True
        return region

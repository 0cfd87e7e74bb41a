"""Where masks come from: picture files of class indices, or the segments of objects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from polyhead.errors import ImageError
from polyhead.structures.named_files import is_file, named_file
from polyhead.structures.ragged import take_ragged
from polyhead.structures.run_lengths import fill_region

UNKNOWN_PIXEL = 255
MAX_PIXELS = 25_000_000  # of a mask whose picture cannot be read, so that no size is expected

_FORMATS = ("PNG", "TIFF", "BMP", "GIF")  # without loss: an index must stay what it is
_INDEX_MODES = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L")


@dataclass(frozen=True, eq=False)
class MaskFiles:
    """Masks in picture files whose pixel values are class indices.

    Attributes:
        folder: What relative names start at.
        names: (N,) Arrow texts; null where the row has no mask.
    """

    folder: Path
    names: pa.Array

    def take(self, rows: np.ndarray) -> MaskFiles:
        """Some of the rows."""
        return replace(self, names=self.names.take(pa.array(rows)))

    def path(self, row: int) -> Path:
        """The file of one row."""
        return named_file(self.folder, self.names[row].as_py())

    def decode(self, row: int, size: tuple[int, int], num_classes: int) -> np.ndarray:
        """(H, W) uint8 class indices, 255 unknown; raises as `MaskTargets`."""
        values = read_indices(self.path(row), size)
        found = distinct(values)
        odd = found[(found < 0) | (found >= num_classes) & (found != UNKNOWN_PIXEL)]
        if len(odd):
            shown = ", ".join(map(str, odd[:8])) + (", …" if len(odd) > 8 else "")
            raise ImageError(
                f"{self.names[row].as_py()} holds the value{'s' * (len(odd) > 1)} {shown}; "
                f"expected 0 to {num_classes - 1} for the {num_classes} `classes` in their order, "
                "or 255 for unknown; mend the mask or declare all classes",
                code="E_MASK_VALUE",
            )
        return values.astype(np.uint8)


def read_indices(path: Path, size: tuple[int, int]) -> np.ndarray:
    """(H, W) integers of a mask file, as they are.

    Args:
        path: The file.
        size: Height and width that are expected; (0, 0) when nobody knows.

    Raises:
        ImageError: `E_MASK_MISSING`, `E_MASK_FORMAT` or `E_MASK_SIZE`.
    """
    if not is_file(path):
        raise ImageError(f"the mask {path} does not exist; mend its path", code="E_MASK_MISSING")
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            _check_mode(path, picture)
            _check_size(path, picture.size, size)
            values = np.array(picture)
    except ImageError:
        raise
    except Exception as error:  # damaged files raise OSError, SyntaxError, struct.error and more
        raise ImageError(
            f"the mask {path} cannot be read ({error}); expected a PNG (or TIFF, BMP, GIF) of "
            "class indices, without loss as JPEG has it; write it again",
            code="E_MASK_FORMAT",
        ) from error
    return values.astype(np.uint8) if values.dtype == bool else values


def distinct(values: np.ndarray) -> np.ndarray:
    """The distinct values of an integer picture, in order."""
    if values.dtype != np.uint8:
        return np.unique(values)
    return np.flatnonzero(np.bincount(values.ravel()))  # on bytes ten times as quick as sorting


def _check_mode(path: Path, picture: Image.Image) -> None:
    if picture.mode not in _INDEX_MODES:
        raise ImageError(
            f"the mask {path} is a colour picture (mode {picture.mode}); expected one channel "
            "whose values are the indices of `classes` (mode L or P); replace each colour by the "
            "index of its class",
            code="E_MASK_FORMAT",
        )


def _check_size(path: Path, found: tuple[int, int], size: tuple[int, int]) -> None:
    expected = (size[1], size[0])
    if 0 in size:
        if found[0] * found[1] > MAX_PIXELS:
            raise ImageError(
                f"the mask {path} has {found[0]} × {found[1]} pixels; expected at most "
                f"{MAX_PIXELS:,} in all; write it in the size of its picture",
                code="E_MASK_SIZE",
            )
        return
    if found == expected:
        return
    mend = (
        "it lies in the stored frame of a picture that EXIF turns; turn it likewise"
        if found == size
        else "write it in the size of its picture"
    )
    raise ImageError(
        f"the mask {path} has {found[0]} × {found[1]} pixels; expected {expected[0]} × "
        f"{expected[1]}, those of the picture as it is displayed; {mend}",
        code="E_MASK_SIZE",
    )


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
        fractions: Whether coordinates are fractions of the picture.
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

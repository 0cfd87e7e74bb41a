"""From mask files or segmented objects to the targets of a mask task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from PIL import Image

from polyhead.errors import Fault
from polyhead.table import MaskTargets, Table
from polyhead.table.mask_sources import UNKNOWN_PIXEL
from polyhead.tasks.mask.check import check_masks
from polyhead.tasks.mask.decider import MaskDecider
from polyhead.tasks.mask.mask_cells import encode_masks, mask_column
from polyhead.tasks.statistics import LabelCounts
from polyhead.tasks.steps import Step
from polyhead.tasks.targets import UNKNOWN, Size
from polyhead.tasks.task_encoder import Encoding, TaskEncoder

if TYPE_CHECKING:
    from polyhead.progress import Reporter
    from polyhead.tasks.mask.config import MaskConfig


@dataclass(frozen=True)
class MaskEncoder(TaskEncoder):
    """The encoder of a mask task.

    Attributes:
        name: Key in the YAML.
        classes: The K classes, in the order of the pixel values.
        config: Where the masks stand in the table.
    """

    type: ClassVar[str] = "mask"
    is_spatial: ClassVar[bool] = True
    name: str
    classes: tuple[str, ...]
    config: MaskConfig

    def encode(self, table: Table, sizes: np.ndarray | None = None) -> Encoding:
        """`MaskTargets` of all rows; `examine` reads their pixels."""
        column = mask_column(table, self.config.column, self.name)
        sizes = np.zeros((len(table), 2), np.int32) if sizes is None else sizes
        meaning = self.config.mask_map(self.classes)
        return Encoding(*encode_masks(table, column, self.classes, sizes, meaning))

    def examine(
        self, targets: MaskTargets, table: Table, reporter: Reporter
    ) -> tuple[MaskTargets, Sequence[Fault]]:
        """Decode every mask once in full: only its pixels show its classes and its faults."""
        with reporter.work("checking masks", int(targets.known.sum()), "masks") as advance:
            found = check_masks(
                targets, self.classes, table.where, progress=lambda _done: advance(1, "")
            )
        return found.targets, found.faults

    def known(self, targets: MaskTargets) -> np.ndarray:
        """(N,) rows that have a mask."""
        return targets.known

    def stack(self, samples: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """(B, H, W) uint8 class indices, and which pixels are known."""
        targets = np.stack(samples)
        return targets, targets != UNKNOWN_PIXEL

    def label_matrix(self, targets: MaskTargets) -> np.ndarray:
        """One yes/no column per class: whether a pixel of it is there."""
        return targets.present

    def statistics(self, targets: MaskTargets) -> LabelCounts:
        """No counts: counting the pixels beforehand would decode every mask once more."""
        del targets
        return LabelCounts(np.zeros(len(self.classes)), np.zeros(len(self.classes)))

    def sample(self, targets: MaskTargets, row: int, size: Size) -> np.ndarray:
        """(H, W) uint8: the mask of one row, at the size of the resized image.

        Raises:
            ImageError: The mask can no longer be read.
        """
        height, width = size
        mask = Image.fromarray(targets[row])
        return np.asarray(mask.resize((width, height), Image.Resampling.NEAREST))

    def move(self, target: np.ndarray, steps: Sequence[Step], size: Size) -> np.ndarray:
        """The mask after the steps; unknown where they show nothing of the image."""
        del size
        image = Image.fromarray(target)
        for step in steps:
            image = step.image(image)
        return np.array(image)

    def join(self, targets: Sequence[np.ndarray], *, overlaid: bool) -> np.ndarray:
        """Each image's mask at its place; where they are overlaid, known where all agree."""
        if not overlaid:
            return np.minimum.reduce(targets)  # each is unknown, 255, around its image
        agree = np.logical_and.reduce([target == targets[0] for target in targets])
        return np.where(agree, targets[0], UNKNOWN_PIXEL).astype(np.uint8)

    def labels_in(self, target: np.ndarray, before: np.ndarray) -> np.ndarray:
        """(K,) int8 of 1 yes, 0 no, -1 unknown, from the known pixels that are left.

        Moving and cutting an image adds nothing to it: what was not there still is not. What was
        there and shows in no known pixel may lie under the unknown ones, as where images are
        mixed and their masks differ, or where a border of the mask was unknown from the start.

        Args:
            target: (H, W) mask of the image, after augmentation.
            before: (K,) the same labels before it.
        """
        pixels = np.bincount(target.ravel(), minlength=UNKNOWN_PIXEL + 1)
        unseen = np.where(before == 1, UNKNOWN if pixels[UNKNOWN_PIXEL] else 0, before)
        return np.where(pixels[: len(self.classes)] > 0, 1, unseen).astype(np.int8)

    def searched(self, target: np.ndarray | MaskTargets) -> np.ndarray:
        """(K,) bool: a mask is made of all classes."""
        del target
        return np.ones(len(self.classes), bool)

    def decider(self) -> MaskDecider:
        """The decider; nothing has to be fitted."""
        return MaskDecider(self.name, self.classes)

"""Tags that follow from the boxes or the mask of the same pictures: `from: objects`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyhead.errors import ConfigError, nearest
from polyhead.table import Boxes, BoxTargets, MaskTargets
from polyhead.table.mask_sources import UNKNOWN_PIXEL
from polyhead.tasks.boxes.task import BoxesTask, labels_there
from polyhead.tasks.mask.task import MaskTask
from polyhead.tasks.tags.task import TagsConfig, TagsTask
from polyhead.tasks.task import UNKNOWN


@dataclass(frozen=True, eq=False)
class TagsFromObjects:
    """How the L tags of a picture follow from its objects, before and after augmentation.

    Yes where an object of the label is there, no where the picture was looked through for it and
    holds none, else unknown.

    Attributes:
        places: (L,) class of the source that each label is.
    """

    places: np.ndarray

    def encode(self, targets: BoxTargets | MaskTargets) -> np.ndarray:
        """(N, L) int8 of 1 yes, 0 no, -1 unknown; the pixels of masks have to be checked."""
        there = targets.present if isinstance(targets, MaskTargets) else labels_there(targets)
        return there[:, self.places]

    def recompute(self, sample: Boxes | np.ndarray, before: np.ndarray) -> np.ndarray:
        """The tags of an augmented picture.

        Moving and cutting a picture adds nothing to it: what was not there still is not. What was
        there and shows in no known pixel may lie under the unknown ones, as where pictures are
        mixed and their masks differ, or where a border of the mask was unknown from the start.

        Args:
            sample: What survived: boxes, or a (H, W) mask where 255 is unknown.
            before: (L,) the tags of the whole picture.

        Returns:
            (L,) int8 of 1 yes, 0 no, -1 unknown.
        """
        if isinstance(sample, Boxes):
            return self._of_boxes(sample)
        pixels = np.bincount(sample.ravel(), minlength=UNKNOWN_PIXEL + 1)
        gone = UNKNOWN if pixels[UNKNOWN_PIXEL] else 0
        unseen = np.where(before == 1, gone, before)
        return np.where(pixels[self.places] > 0, 1, unseen).astype(np.int8)

    def _of_boxes(self, sample: Boxes) -> np.ndarray:
        there = np.where(sample.known, 0, UNKNOWN).astype(np.int8)
        there[sample.labels[sample.ignored]] = UNKNOWN
        there[sample.labels[~sample.ignored]] = 1
        return there[self.places]


def tags_from(name: str, config: TagsConfig, source: BoxesTask | MaskTask) -> TagsTask:
    """The tags task of a config with `from`, its classes those of the source unless declared.

    Raises:
        ConfigError: A declared class is none of the source's; names the nearest.
    """
    for label in config.classes:
        if label not in source.classes:
            raise ConfigError(
                f'tasks.{name}: class "{label}" is none of the {len(source.classes)} classes of '
                f"`from: {source.name}`. {nearest(label, source.classes)}"
            )
    return config.settle(name, config.classes or source.classes)


def derive_tags(task: TagsTask, source: BoxesTask | MaskTask) -> TagsFromObjects:
    """How the tags of a task follow from the targets of its source."""
    place = {label: index for index, label in enumerate(source.classes)}
    return TagsFromObjects(np.array([place[label] for label in task.classes], np.int64))

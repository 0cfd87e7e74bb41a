"""Tags that follow from the boxes or the mask of the same pictures: `from: objects`."""

from __future__ import annotations

from collections.abc import Sequence
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

    Yes where an object of the label, or of one that implies it, is there; no where the picture was
    looked through for it and holds none of these; else unknown. A label that is no class of the
    source is no where all labels that imply it are.

    Attributes:
        places: (L,) class of the source that each label is, -1 where it is none.
        implies: (L, L) bool, whether label i, a class of the source, implies label j, also by way
            of others; None where no label implies another.
    """

    places: np.ndarray
    implies: np.ndarray | None = None

    def encode(self, targets: BoxTargets | MaskTargets) -> np.ndarray:
        """(N, L) int8 of 1 yes, 0 no, -1 unknown; the pixels of masks have to be checked."""
        if isinstance(targets, MaskTargets):
            there, known = targets.present, np.ones_like(targets.present, bool)
        else:
            there, known = labels_there(targets), targets.known
        found = there[:, self.places]
        return self._with_implied(found, (found == UNKNOWN) & known[:, self.places])

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
            there = np.where(sample.known, 0, UNKNOWN).astype(np.int8)
            there[sample.labels[sample.ignored]] = UNKNOWN
            there[sample.labels[~sample.ignored]] = 1
            found, known = there[self.places], sample.known[self.places]
        else:
            pixels = np.bincount(sample.ravel(), minlength=UNKNOWN_PIXEL + 1)
            gone = UNKNOWN if pixels[UNKNOWN_PIXEL] else 0
            unseen = np.where(before == 1, gone, before)
            found = np.where(pixels[self.places] > 0, 1, unseen).astype(np.int8)
            known = np.ones(len(found), bool)
        return self._with_implied(found, (found == UNKNOWN) & known)

    def _with_implied(self, found: np.ndarray, doubtful: np.ndarray) -> np.ndarray:
        """Add to what a label's own objects say what those of labels that imply it say.

        Args:
            found: (..., L) int8 of 1 yes, 0 no, -1 unknown.
            doubtful: (..., L) bool, unknown because of an object that may not count.
        """
        if self.implies is None:
            return found
        yes, doubt, unknown = (
            cells.astype(np.float32) @ self.implies.astype(np.float32) > 0
            for cells in (found == 1, doubtful, found == UNKNOWN)
        )
        own = np.where(self.places < 0, np.where(unknown, UNKNOWN, 0), found)
        own = np.where((own == 0) & doubt, UNKNOWN, own)
        return np.where(yes, 1, own).astype(np.int8)


def tags_from(name: str, config: TagsConfig, source: BoxesTask | MaskTask) -> TagsTask:
    """The tags task of a config with `from`, its classes those of the source unless declared.

    Raises:
        ConfigError: A declared class is neither one of the source's nor implied by one; names the
            nearest.
    """
    task = config.settle(name, config.classes or source.classes)
    tags = derive_tags(task, source)
    for index in np.flatnonzero(tags.places < 0).tolist():
        if tags.implies is None or not tags.implies[:, index].any():
            label = task.classes[index]
            raise ConfigError(
                f'tasks.{name}: class "{label}" is none of the {len(source.classes)} classes of '
                f"`from: {source.name}`, and none of these implies it. "
                f"{nearest(label, source.classes)}"
            )
    return task


def derive_tags(task: TagsTask, source: BoxesTask | MaskTask) -> TagsFromObjects:
    """How the tags of a task follow from the targets of its source."""
    place = {label: index for index, label in enumerate(source.classes)}
    places = np.array([place.get(label, -1) for label in task.classes], np.int64)
    pairs = task.config.rules.settle(task.classes).implies if task.config else ()
    return TagsFromObjects(places, _implied(pairs, places) if pairs else None)


def _implied(pairs: Sequence[tuple[int, int]], places: np.ndarray) -> np.ndarray:
    """(L, L) bool, from each class of the source to all labels that it brings with it."""
    implies = np.zeros((len(places), len(places)), bool)
    implies[tuple(np.array(pairs).T)] = True
    while (longer := implies | (implies @ implies)).sum() > implies.sum():
        implies = longer
    return implies & (places >= 0)[:, None]

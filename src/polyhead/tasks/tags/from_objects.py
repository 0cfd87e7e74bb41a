"""Tags that follow from the boxes or the mask of the same images: `from: objects`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyhead.tasks.targets import UNKNOWN, Targets
from polyhead.tasks.task_encoder import TaskEncoder


@dataclass(frozen=True, eq=False)
class TagsFromObjects:
    """How the L tags of an image follow from a spatial task, before and after augmentation.

    Yes where an object of the label, or of one that implies it, is there; no where the image was
    searched for it and holds none of these; else unknown. A label that is no class of the source
    is no where all labels that imply it are.

    Attributes:
        source: The encoder of the spatial task.
        places: (L,) class of the source that each label is, -1 where it is none.
        implies: (L, L) bool, whether label i, a class of the source, implies label j, also by way
            of others; None where no label implies another.
    """

    source: TaskEncoder
    places: np.ndarray
    implies: np.ndarray | None = None

    @classmethod
    def of(
        cls, source: TaskEncoder, classes: Sequence[str], implies: Sequence[tuple[int, int]]
    ) -> TagsFromObjects:
        """For some labels and the pairs (i, j) of them where i implies j."""
        place = {label: index for index, label in enumerate(source.classes)}
        places = np.array([place.get(label, -1) for label in classes], np.int64)
        return cls(source, places, _all_implied(implies, places) if implies else None)

    def encode(self, targets: Targets) -> np.ndarray:
        """(N, L) int8 of 1 yes, 0 no, -1 unknown, from the targets of the source as examined."""
        return self._tags(self.source.label_matrix(targets), targets)

    def recompute(self, target: Any, before: np.ndarray) -> np.ndarray:
        """(L,) int8 tags of an augmented image.

        Args:
            target: Of the source, after augmentation.
            before: (L,) the tags of the whole image.
        """
        of_source = np.full(len(self.source.classes), UNKNOWN, np.int8)
        is_class = self.places >= 0
        of_source[self.places[is_class]] = before[is_class]
        return self._tags(self.source.labels_in(target, of_source), target)

    def _tags(self, found: np.ndarray, target: Any) -> np.ndarray:
        """(…, L) tags from (…, C) classes of the source and its target."""
        own = found[..., self.places]
        if self.implies is None:
            return own
        # Unknown although searched for: an object is there that may not count.
        doubtful = (own == UNKNOWN) & self.source.searched(target)[..., self.places]
        yes, doubt, unknown = (
            cells.astype(np.float32) @ self.implies.astype(np.float32) > 0
            for cells in (own == 1, doubtful, own == UNKNOWN)
        )
        own = np.where(self.places < 0, np.where(unknown, UNKNOWN, 0), own)
        own = np.where((own == 0) & doubt, UNKNOWN, own)
        return np.where(yes, 1, own).astype(np.int8)


def _all_implied(pairs: Sequence[tuple[int, int]], places: np.ndarray) -> np.ndarray:
    """(L, L) bool, from each class of the source to all labels that it brings with it."""
    implies = np.zeros((len(places), len(places)), bool)
    implies[tuple(np.array(pairs).T)] = True
    while (longer := implies | (implies @ implies)).sum() > implies.sum():
        implies = longer
    return implies & (places >= 0)[:, None]

"""What a sample looks like each time it is shown."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from polyhead.augment import Augmentation, Mixup, Mosaic
from polyhead.config import Config
from polyhead.loading.order import stable_seed
from polyhead.preparation import Derived, Prepared, derived_tags
from polyhead.tasks import BoxesTask, MaskTask

Picture = tuple[np.ndarray, Mapping[str, Any]]
"""(H, W, 3) uint8 image, and task name to its target in pixels of the image."""


@dataclass(frozen=True)
class Variation:
    """Joins pictures, augments them, and says anew which tags follow from what is left to see.

    What is drawn depends on (seed, epoch, row) alone.

    Attributes:
        augmentation: Of each picture, or of what several were joined to.
        joins: Each with the share of pictures that it takes.
        rows: Of the training part, from which pictures are joined.
        derived: Tags that follow from boxes or masks.
        seed: Of the run.
    """

    augmentation: Augmentation
    joins: Sequence[tuple[float, Mosaic | Mixup]]
    rows: np.ndarray
    derived: Derived
    seed: int

    def __call__(
        self, load: Callable[[int], Picture], epoch: int, row: int
    ) -> tuple[Tensor, dict[str, Any]]:
        """The (3, H, W) uint8 tensor of one row, and its targets.

        Args:
            load: From a row to its picture.
            epoch: Since the start of the training.
            row: Of the table.
        """
        draw = random.Random(stable_seed("join", self.seed, epoch, row))
        image, before = load(row)
        for share, join in self.joins:
            if draw.random() < share:
                others = draw.choices(self.rows, k=join.num_pictures - 1)
                pictures = [(image, before), *(load(int(other)) for other in others)]
                image, before = join(pictures, draw.getrandbits(32))
        seed = stable_seed("augment", self.seed, epoch, row)
        tensor, targets = self.augmentation(image, before, seed)
        for name, (source, tags) in self.derived.items():
            targets[name] = tags.recompute(targets[source], before[name])
        return tensor, targets


def variation_of(config: Config, prepared: Prepared) -> Variation | None:
    """What the config asks for; None when pictures are always shown as they are."""
    keys = config.train.augment
    if keys == "none":
        return None
    size, derived = config.model.image_size, derived_tags(prepared.tasks)
    # What is said of a whole picture may be false of a part, unless it follows from what is left.
    cuts = all(
        isinstance(task, BoxesTask | MaskTask) or name in derived
        for name, task in prepared.tasks.items()
    )
    augmentation = Augmentation(
        size,
        cuts=cuts,
        flip=keys.flip,
        crop=keys.crop,
        scale=keys.scale,
        rotate=keys.rotate,
        colour=keys.colour,
    )
    joins = [(keys.mosaic, Mosaic(size)), (keys.mixup, Mixup())]
    chosen = [(share, join) for share, join in joins if share]
    return Variation(augmentation, chosen, prepared.rows("train"), derived, config.train.seed)

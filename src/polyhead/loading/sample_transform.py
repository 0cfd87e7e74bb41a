"""Joining and augmentation of samples."""

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

ImageAndTargets = tuple[np.ndarray, Mapping[str, Any]]
"""(H, W, 3) uint8 image, and task name to its target in pixels of the image."""


@dataclass(frozen=True)
class SampleTransform:
    """Joins images, augments them, and computes again which tags follow from what they show.

    What is drawn depends on (seed, epoch, row) alone.

    Attributes:
        augmentation: Of each image, or of what several were joined to.
        joins: Each with the share of images that it takes.
        rows: Of the training part, from which images are joined.
        derived: Tasks whose targets follow from those of another.
        seed: Of the run.
    """

    augmentation: Augmentation
    joins: Sequence[tuple[float, Mosaic | Mixup]]
    rows: np.ndarray
    derived: Derived
    seed: int

    def __call__(
        self, load: Callable[[int], ImageAndTargets], epoch: int, row: int
    ) -> tuple[Tensor, dict[str, Any]]:
        """The (3, H, W) uint8 tensor of one row, and its targets.

        Args:
            load: From a row to its image and targets.
            epoch: Since the start of the training.
            row: Of the table.
        """
        draw = random.Random(stable_seed("join", self.seed, epoch, row))
        image, before = load(row)
        for share, join in self.joins:
            if draw.random() < share:
                others = draw.choices(self.rows, k=join.num_images - 1)
                images = [(image, before), *(load(int(other)) for other in others)]
                image, before = join(images, draw.getrandbits(32))
        seed = stable_seed("augment", self.seed, epoch, row)
        tensor, targets = self.augmentation(image, before, seed)
        for name, (source, derivation) in self.derived.items():
            targets[name] = derivation.recompute(targets[source], before[name])
        return tensor, targets


def transform_of(config: Config, prepared: Prepared) -> SampleTransform | None:
    """The transform of the config; None when images are not altered."""
    keys = config.train.augment
    if keys == "none":
        return None
    encoders, derived = prepared.tasks, derived_tags(prepared.tasks)
    # A label of a whole image may be false of a part, unless it follows from what is left.
    cuts = all(encoder.is_spatial or name in derived for name, encoder in encoders.items())
    augmentation = Augmentation(
        encoders,
        cuts=cuts,
        flip=keys.flip,
        crop=keys.crop,
        scale=keys.scale,
        rotate=keys.rotate,
        colour=keys.colour,
    )
    joins = [(keys.mosaic, Mosaic(encoders)), (keys.mixup, Mixup(encoders))]
    chosen = [(share, join) for share, join in joins if share]
    return SampleTransform(augmentation, chosen, prepared.rows("train"), derived, config.train.seed)

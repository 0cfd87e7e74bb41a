"""Rows of a table as samples: picture from disk or cache, augmented, with its targets."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from polyhead.augment import to_tensor
from polyhead.data import ImageCache, load_image
from polyhead.errors import ImageError
from polyhead.loading import Batch, Sample
from polyhead.loading.variation import Picture, Variation
from polyhead.table import BoxTargets, MaskTargets, Table
from polyhead.table.deep_pixels import NO_RANGES, PixelRanges
from polyhead.tasks import Targets, Task

RETRIES = 3  # a picture that was being written, or a network disk that hiccuped


class Pictures(Dataset[Sample | ImageError]):
    """Samples by `(epoch, row)`.

    What a sample is depends on nothing else, so that neither the number of workers nor an
    interruption changes it.

    Args:
        table: Names the pictures.
        targets: Task name to the targets of the N rows.
        size: Height and width of the pictures.
        cache: Resized pictures of earlier epochs.
        variation: None shows pictures as prediction sees them.
        ranges: What is black and white in pictures with more than 8 bits a channel.
    """

    def __init__(
        self,
        table: Table,
        targets: Mapping[str, Targets],
        size: tuple[int, int],
        *,
        cache: ImageCache | None = None,
        variation: Variation | None = None,
        ranges: PixelRanges = NO_RANGES,
    ) -> None:
        self.table, self.targets, self.size = table, targets, size
        self.cache, self.variation, self.ranges = cache, variation, ranges

    def __getitem__(self, key: tuple[int, int]) -> Sample | ImageError:
        epoch, row = key
        try:
            if self.variation is not None:
                return Sample(*self.variation(self._load, epoch, row), row)
            image, targets = self._load(row)
        except ImageError as error:
            return error
        return Sample(to_tensor(image), targets, row)

    def _load(self, row: int) -> Picture:
        """One row as it is, at the size that the network sees."""
        try:
            targets = {name: self._target(values, row) for name, values in self.targets.items()}
            return self._image(row), targets
        except ImageError as error:
            message = f"{self.table.where(row)}: {error.message}"
            raise ImageError(message, code=error.code) from error

    def _target(self, values: Targets, row: int) -> Any:
        """One row's target, boxes and masks at the size of the picture."""
        if isinstance(values, BoxTargets):
            return values[row].resized(values.sizes[row], self.size)
        if isinstance(values, MaskTargets):
            height, width = self.size
            mask = Image.fromarray(values[row])
            return np.asarray(mask.resize((width, height), Image.Resampling.NEAREST))
        return values[row]

    def _image(self, row: int) -> np.ndarray:
        image = self.cache.get(row) if self.cache else None
        if image is None:
            image = _load_again(self.table.path(row), self.size, self.ranges)
            if self.cache:
                self.cache.put(row, image)
        return image


def _load_again(path: Path, size: tuple[int, int], ranges: PixelRanges) -> np.ndarray:
    for attempt in range(RETRIES):
        try:
            return load_image(path, size, ranges).image
        except ImageError:
            if attempt == RETRIES - 1:
                raise
            time.sleep(0.1)
    raise AssertionError("unreachable")


class Collate:
    """Samples -> one batch of tensors; an error among them takes the place of the batch.

    Args:
        tasks: They stack their targets; none where nobody reads any.
    """

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self.tasks = dict(tasks)

    def __call__(self, samples: Sequence[Sample | ImageError]) -> Batch | ImageError:
        """Stack the samples."""
        good: list[Sample] = []
        for sample in samples:
            if isinstance(sample, ImageError):
                return sample
            good.append(sample)
        stacked = {
            name: task.stack([s.targets[name] for s in good]) for name, task in self.tasks.items()
        }
        return Batch(
            images=torch.stack([s.image for s in good]),
            targets={name: torch.from_numpy(array) for name, (array, _) in stacked.items()},
            known={name: torch.from_numpy(known) for name, (_, known) in stacked.items()},
            rows=torch.tensor([s.row for s in good]),
        )

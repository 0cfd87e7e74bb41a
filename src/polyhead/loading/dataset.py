"""Rows of a table as samples: image from disk or cache, augmented, with its targets."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from polyhead.augment import to_tensor
from polyhead.data import ImageCache, load_image
from polyhead.errors import ImageError
from polyhead.loading import Batch, Sample
from polyhead.loading.sample_transform import ImageAndTargets, SampleTransform
from polyhead.table import Table
from polyhead.table.deep_pixels import NO_RANGES, PixelRanges
from polyhead.tasks import Targets, TaskEncoder

RETRIES = 3  # an image that was being written, or a network disk that failed for a moment


class ImageDataset(Dataset[Sample | ImageError]):
    """Samples by `(epoch, row)`.

    What a sample is depends on nothing else, so that neither the number of workers nor an
    interruption changes it.

    Args:
        table: Names the images.
        targets: Task name to the targets of the N rows.
        encoders: Task name to its encoder, of every task that has targets here.
        size: Height and width of the images.
        cache: Resized images of earlier epochs.
        transform: None shows images as prediction sees them.
        ranges: What is black and white in images with more than 8 bits a channel.
    """

    def __init__(
        self,
        table: Table,
        targets: Mapping[str, Targets],
        encoders: Mapping[str, TaskEncoder],
        size: tuple[int, int],
        *,
        cache: ImageCache | None = None,
        transform: SampleTransform | None = None,
        ranges: PixelRanges = NO_RANGES,
    ) -> None:
        self.table, self.targets, self.encoders, self.size = table, targets, encoders, size
        self.cache, self.transform, self.ranges = cache, transform, ranges

    def __getitem__(self, key: tuple[int, int]) -> Sample | ImageError:
        epoch, row = key
        try:
            if self.transform is not None:
                return Sample(*self.transform(self._load, epoch, row), row)
            image, targets = self._load(row)
        except ImageError as error:
            return error
        return Sample(to_tensor(image), targets, row)

    def _load(self, row: int) -> ImageAndTargets:
        """One row as it is, at the size that the network sees."""
        try:
            targets = {
                name: self.encoders[name].sample(targets, row, self.size)
                for name, targets in self.targets.items()
            }
            return self._image(row), targets
        except ImageError as error:
            message = f"{self.table.where(row)}: {error.message}"
            raise ImageError(message, code=error.code) from error

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
        encoders: They stack their targets; none where nobody reads any.
    """

    def __init__(self, encoders: Mapping[str, TaskEncoder]) -> None:
        self.encoders = dict(encoders)

    def __call__(self, samples: Sequence[Sample | ImageError]) -> Batch | ImageError:
        """Stack the samples."""
        good: list[Sample] = []
        for sample in samples:
            if isinstance(sample, ImageError):
                return sample
            good.append(sample)
        stacked = {
            name: encoder.stack([sample.targets[name] for sample in good])
            for name, encoder in self.encoders.items()
        }
        return Batch(
            images=torch.stack([sample.image for sample in good]),
            targets={name: torch.from_numpy(array) for name, (array, _) in stacked.items()},
            known={name: torch.from_numpy(known) for name, (_, known) in stacked.items()},
            rows=torch.tensor([sample.row for sample in good]),
        )

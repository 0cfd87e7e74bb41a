"""From rows of a table to batches: dataset, augmentation, order, sampler, workers."""

from polyhead.loading.batch import Batch, Sample

__all__ = ["Batch", "Sample"]

"""Augmentation: the same image, seen a little differently each epoch, its targets in step."""

from polyhead.augment.augmentation import Augmentation, to_tensor
from polyhead.augment.mixup import Mixup
from polyhead.augment.mosaic import Mosaic

__all__ = ["Augmentation", "Mixup", "Mosaic", "to_tensor"]

"""Augmentation: the same picture, seen a little differently each epoch."""

from polyhead.augment.augmentation import Augmentation, to_tensor

__all__ = ["Augmentation", "to_tensor"]

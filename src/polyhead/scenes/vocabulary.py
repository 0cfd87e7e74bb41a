"""The names in a street scene: tags, object labels, times of day, mask classes."""

from __future__ import annotations

TAGS = (
    "building",
    "tree",
    "car",
    "bus",
    "bicycle",
    "person",
    "traffic light",
    "dog",
    "crosswalk",
    "rain",
    "snow",
    "fog",
)
"""The labels of the tags task, in class order."""

OBJECT_LABELS = ("car", "bus", "bicycle", "person", "traffic light", "dog")
"""The tags that have boxes; such a tag is true exactly when the image has a box of it."""

DAYTIMES = ("day", "dusk", "night")
"""The classes of the daytime task."""

DAYTIME_PROBABILITIES = (0.5, 0.2, 0.3)
"""The probability of each time of day, independent of the tags."""

MASK_CLASSES = (
    "sky",
    "terrain",
    "building",
    "road",
    "pavement",
    "tree",
    "vehicle",
    "bicycle",
    "person",
    "dog",
    "traffic light",
    "street furniture",
)
"""The classes of the mask, in the order of the pixel values; 255 (unknown) is never drawn."""

CLASS_OF_KIND = {
    "tree": "tree",
    "car": "vehicle",
    "bus": "vehicle",
    "bicycle": "bicycle",
    "person": "person",
    "dog": "dog",
    "traffic light": "traffic light",
    "lamp": "street furniture",
    "bin": "street furniture",
    "post box": "street furniture",
    "bench": "street furniture",
}
"""The mask class of every kind of thing that stands on the ground."""


def mask_id(name: str) -> int:
    """The pixel value of one mask class."""
    return MASK_CLASSES.index(name)

"""Strategies for unknown cells of tags: one a file, looked up by name."""

from polyhead.losses.tags.unknown.em import Em
from polyhead.losses.tags.unknown.expected_positive import ExpectedPositive
from polyhead.losses.tags.unknown.ignore import Ignore
from polyhead.losses.tags.unknown.missing_labels import MissingLabels
from polyhead.losses.tags.unknown.negative import Negative
from polyhead.losses.tags.unknown.partial_tags import PartialTags
from polyhead.registry import by_name

__all__ = [
    "UNKNOWN",
    "Em",
    "ExpectedPositive",
    "Ignore",
    "MissingLabels",
    "Negative",
    "PartialTags",
]

UNKNOWN = by_name(MissingLabels, [globals()[name] for name in __all__[1:]])

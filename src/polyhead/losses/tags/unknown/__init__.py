"""Strategies for unknown cells of tags: one a file, looked up by name."""

from polyhead.losses.tags.unknown.em import Em
from polyhead.losses.tags.unknown.expected_positive import ExpectedPositive
from polyhead.losses.tags.unknown.ignore import Ignore
from polyhead.losses.tags.unknown.negative import Negative
from polyhead.losses.tags.unknown.partial_tags import PartialTags
from polyhead.losses.tags.unknown.unknown import Unknown
from polyhead.registry import by_name

__all__ = ["UNKNOWN", "Em", "ExpectedPositive", "Ignore", "Negative", "PartialTags", "Unknown"]

UNKNOWN = by_name(Unknown, [globals()[name] for name in __all__[1:]])

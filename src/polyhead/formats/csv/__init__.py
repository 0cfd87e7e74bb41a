"""Text tables."""

from polyhead.formats.csv.reader import KINDS, read

__all__ = ["KINDS", "read"]

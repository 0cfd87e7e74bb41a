"""JSON lines."""

from polyhead.formats.jsonl.reader import KINDS, read

__all__ = ["KINDS", "read"]

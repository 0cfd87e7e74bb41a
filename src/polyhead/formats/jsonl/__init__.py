"""JSON lines."""

from polyhead.formats.jsonl.reader import read, read_records

__all__ = ["read", "read_records"]

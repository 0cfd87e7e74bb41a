"""JSON files, whatever their layout: COCO, a list of objects, lines."""

from polyhead.formats.json.reader import KINDS, read

__all__ = ["KINDS", "read"]

"""COCO json."""

from polyhead.formats.coco.reader import KINDS, read

__all__ = ["KINDS", "read"]

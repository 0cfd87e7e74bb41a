"""Folders of YOLO labels."""

from polyhead.formats.yolo.reader import read, recognise

__all__ = ["read", "recognise"]

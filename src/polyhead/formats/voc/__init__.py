"""Folders of VOC xml."""

from polyhead.formats.voc.reader import read, recognise

__all__ = ["read", "recognise"]

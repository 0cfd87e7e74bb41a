"""COCO json."""

from polyhead.formats.coco.document import EXPECTED, is_coco, is_other, load_document, refuse
from polyhead.formats.coco.reader import read_document

__all__ = ["EXPECTED", "is_coco", "is_other", "load_document", "read_document", "refuse"]

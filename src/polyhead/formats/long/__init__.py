"""Tables with a row a box or a label instead of a row an image."""

from polyhead.formats.long.box_formats import resolve_boxes
from polyhead.formats.long.gather import gather_rows
from polyhead.formats.long.spellings import BoxFormat, Rows

__all__ = ["BoxFormat", "Rows", "gather_rows", "resolve_boxes"]

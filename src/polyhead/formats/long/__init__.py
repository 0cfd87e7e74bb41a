"""Tables with a row a box or a label instead of a row an image."""

from polyhead.formats.long.gather import gather_rows
from polyhead.formats.long.settle import settle_boxes
from polyhead.formats.long.spellings import BoxFormat, Rows

__all__ = ["BoxFormat", "Rows", "gather_rows", "settle_boxes"]

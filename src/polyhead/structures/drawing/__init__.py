"""A prediction as a picture."""

from polyhead.structures.drawing.draw import draw
from polyhead.structures.drawing.lettering import missing_fonts, undrawable

__all__ = ["draw", "missing_fonts", "undrawable"]

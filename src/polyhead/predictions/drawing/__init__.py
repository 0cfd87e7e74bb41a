"""A prediction as an image."""

from polyhead.predictions.drawing.draw import draw
from polyhead.predictions.drawing.lettering import missing_fonts, undrawable

__all__ = ["draw", "missing_fonts", "undrawable"]

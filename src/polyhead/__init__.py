"""polyhead: one image model with many heads."""

__version__ = "0.1.0"

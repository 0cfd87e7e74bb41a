"""A number a picture."""

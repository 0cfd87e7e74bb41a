"""Labelled boxes around objects."""

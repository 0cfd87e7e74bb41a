"""Losses of tags: one a file, and what they share."""

"""Losses of numbers: one a file."""

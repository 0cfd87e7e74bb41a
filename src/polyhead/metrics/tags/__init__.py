"""Figures of tags, over known cells."""

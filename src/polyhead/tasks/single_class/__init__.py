"""Exactly one class a picture."""

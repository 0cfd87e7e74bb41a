"""Exactly one class an image."""

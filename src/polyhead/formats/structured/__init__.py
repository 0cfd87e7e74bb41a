"""Nested values, as JSON files and structured cells hold them, as plain columns."""

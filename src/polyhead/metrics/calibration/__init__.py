"""Calibration of probabilities, and its measures."""

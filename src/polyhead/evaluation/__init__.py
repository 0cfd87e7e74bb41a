"""Figures of a run, or of anybody's scores; likely label mistakes."""

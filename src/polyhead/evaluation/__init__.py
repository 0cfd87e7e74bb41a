"""Honest figures on held-out rows."""

from polyhead.evaluation.evaluate import evaluate

__all__ = ["evaluate"]

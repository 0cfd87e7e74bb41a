"""Losses: one a file, each with its inverse link, looked up by name."""

from polyhead.config import by_name
from polyhead.losses.bce import Bce
from polyhead.losses.cross_entropy import CrossEntropy
from polyhead.losses.loss import LabelCounts, Loss
from polyhead.losses.softmax import Softmax

__all__ = ["LOSSES", "Bce", "CrossEntropy", "LabelCounts", "Loss", "Softmax"]

LOSSES = by_name(Loss, [globals()[name] for name in __all__[1:]])

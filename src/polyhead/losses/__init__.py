"""Losses: one a file, each knowing what its logits mean, looked up by name."""

from polyhead.config import by_name
from polyhead.losses.bce import Bce
from polyhead.losses.cross_entropy import CrossEntropy
from polyhead.losses.huber import Huber
from polyhead.losses.loss import LabelCounts, Loss, NumberStatistics, ProbabilityLoss
from polyhead.losses.normal import Normal
from polyhead.losses.number_loss import NumberLoss
from polyhead.losses.poisson import Poisson
from polyhead.losses.softmax import Softmax

__all__ = [
    "LOSSES",
    "Bce",
    "CrossEntropy",
    "Huber",
    "LabelCounts",
    "Loss",
    "Normal",
    "NumberLoss",
    "NumberStatistics",
    "Poisson",
    "ProbabilityLoss",
    "Softmax",
]

LOSSES = by_name(Loss, [globals()[name] for name in __all__[1:]])

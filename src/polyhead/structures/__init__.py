"""The shapes that data takes: table, sample, batch, prediction."""

from polyhead.structures.batch import Batch, Sample
from polyhead.structures.prediction import ClassPrediction, Prediction, TagsPrediction
from polyhead.structures.table import IMAGE, IMAGE_SUFFIXES, Table

__all__ = [
    "IMAGE",
    "IMAGE_SUFFIXES",
    "Batch",
    "ClassPrediction",
    "Prediction",
    "Sample",
    "Table",
    "TagsPrediction",
]

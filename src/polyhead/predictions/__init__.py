"""Predictions for one image, a file for each task type, and their drawing."""

from polyhead.predictions.boxes import BoxesPrediction
from polyhead.predictions.mask import MaskPrediction
from polyhead.predictions.number import NumberPrediction
from polyhead.predictions.ordinal import OrdinalPrediction
from polyhead.predictions.prediction import Prediction
from polyhead.predictions.single_class import ClassPrediction
from polyhead.predictions.tags import TagsPrediction
from polyhead.predictions.task_prediction import SpatialPrediction, TaskPrediction

__all__ = [
    "BoxesPrediction",
    "ClassPrediction",
    "MaskPrediction",
    "NumberPrediction",
    "OrdinalPrediction",
    "Prediction",
    "SpatialPrediction",
    "TagsPrediction",
    "TaskPrediction",
]

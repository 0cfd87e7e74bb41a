"""What the model answers about one image, a file for each task type, and its drawing."""

from polyhead.predictions.prediction import Prediction
from polyhead.predictions.task_prediction import (
    BoxesPrediction,
    ClassPrediction,
    MaskPrediction,
    NumberPrediction,
    TagsPrediction,
    TaskPrediction,
)

__all__ = [
    "BoxesPrediction",
    "ClassPrediction",
    "MaskPrediction",
    "NumberPrediction",
    "Prediction",
    "TagsPrediction",
    "TaskPrediction",
]

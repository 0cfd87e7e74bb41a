"""Running a trained model: run folders, sources, predictor. No torch."""

from polyhead.runtime.predictor import Predictor
from polyhead.runtime.run_folder import RunFolder

__all__ = ["Predictor", "RunFolder"]

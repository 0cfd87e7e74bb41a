"""Running a trained model: run folders, sources, predictor. No torch."""

from polyhead.runtime.bundle import BundleError, read_bundle, write_bundle
from polyhead.runtime.load_bundle import load_bundle
from polyhead.runtime.predictor import Predictor
from polyhead.runtime.run_folder import RunFolder

__all__ = ["BundleError", "Predictor", "RunFolder", "load_bundle", "read_bundle", "write_bundle"]

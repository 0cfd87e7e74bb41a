"""Weights on disk: files, manifest, loading, transfer to another run."""

from polyhead.checkpoints.load import (
    LoadedRun,
    SavedRun,
    TorchEngine,
    load_predictor,
    load_run,
    read_run,
)

__all__ = [
    "LoadedRun",
    "SavedRun",
    "TorchEngine",
    "load_predictor",
    "load_run",
    "read_run",
]

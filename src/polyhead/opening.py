"""A predictor from a run folder or a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyhead.runtime import Predictor


def load(path: str | Path, *, device: str = "auto") -> Predictor:
    """A predictor from a run folder.

    Args:
        path: The run folder.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.

    Raises:
        CheckpointError: A file is missing, damaged or does not fit.
        ConfigError: The device is not there.
    """
    from polyhead.checkpoints import load_predictor  # loads torch

    return load_predictor(path, device=device)

"""A predictor from a run folder or a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from polyhead.errors import ConfigError
from polyhead.runtime.bundle import is_bundle
from polyhead.runtime.load_bundle import EngineName, load_bundle

if TYPE_CHECKING:
    from polyhead.runtime import Predictor


def load(
    path: str | Path,
    *,
    weights: Literal["best", "last"] = "best",
    device: str = "auto",
    engine: EngineName = "onnxruntime",
) -> Predictor:
    """A predictor from a run folder, by PyTorch, or from a bundle, without it.

    Args:
        path: The run folder or the bundle.
        weights: Of a run: the best epoch on validation, or the last.
        device: Of a run: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        engine: Of a bundle: `onnxruntime` or `openvino`, on the CPU.

    Raises:
        BundleError: The bundle is damaged or not whole.
        CheckpointError: A file of the run is missing, damaged or does not fit.
        ConfigError: The device or the engine is not there.
    """
    if is_bundle(path):
        if device not in ("auto", "cpu"):
            raise ConfigError(
                f'{path} is a bundle, which runs on the CPU; found device "{device}".'
            )
        return load_bundle(path, engine=engine)
    from polyhead.checkpoints import load_predictor  # loads torch

    return load_predictor(path, weights=weights, device=device)

"""From a bundle to a predictor, without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from polyhead.runtime.bundle import MODEL, Bundle, read_bundle
from polyhead.runtime.engines import ENGINES
from polyhead.runtime.predictor import Predictor
from polyhead.table.deep_pixels import PixelRanges

EngineName = Literal["onnxruntime", "openvino"]


def load_bundle(
    path: str | Path, *, engine: EngineName = "onnxruntime", threads: int | None = None
) -> Predictor:
    """A predictor from a verified bundle.

    Args:
        path: The bundle.
        engine: What runs the model.
        threads: Of one image batch; all processors when None.

    Raises:
        BundleError: As `read_bundle`.
        ConfigError: The engine is not installed.
    """
    return predictor_of(read_bundle(path), engine=engine, threads=threads)


def predictor_of(
    bundle: Bundle, *, engine: EngineName = "onnxruntime", threads: int | None = None
) -> Predictor:
    """A predictor from a bundle in memory; arguments as `load_bundle`."""
    manifest = bundle.manifest
    run = ENGINES[engine](bundle.files[MODEL], threads)
    ranges = PixelRanges.from_dict(manifest.preprocessing)
    return Predictor(run, manifest.tasks, manifest.image_size, ranges)

"""polyhead: one image model with many heads, from a folder of images to answers.

Importing this package is quick: what needs PyTorch is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from polyhead.version import __version__

if TYPE_CHECKING:
    from polyhead.config import Config, load_config
    from polyhead.errors import PolyheadError
    from polyhead.evaluation.evaluate import evaluate
    from polyhead.evaluation.label_doctor import examine_labels
    from polyhead.evaluation.score_predictions import score_predictions
    from polyhead.opening import load
    from polyhead.predictions import Prediction
    from polyhead.preparation import examine
    from polyhead.training import resume, train


__all__ = [
    "Config",
    "PolyheadError",
    "Prediction",
    "__version__",
    "evaluate",
    "examine",
    "examine_labels",
    "load",
    "load_config",
    "resume",
    "score_predictions",
    "train",
]

_HOMES = {
    "Config": ("polyhead.config", "Config"),
    "PolyheadError": ("polyhead.errors", "PolyheadError"),
    "Prediction": ("polyhead.predictions", "Prediction"),
    "evaluate": ("polyhead.evaluation.evaluate", "evaluate"),
    "examine": ("polyhead.preparation", "examine"),
    "examine_labels": ("polyhead.evaluation.label_doctor", "examine_labels"),
    "load": ("polyhead.opening", "load"),
    "load_config": ("polyhead.config", "load_config"),
    "resume": ("polyhead.training", "resume"),
    "score_predictions": ("polyhead.evaluation.score_predictions", "score_predictions"),
    "train": ("polyhead.training", "train"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'polyhead' has no attribute '{name}'")
    module, attribute = _HOMES[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return __all__

"""What must be the same for a run to be resumed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from polyhead.config import Config
from polyhead.errors import CheckpointError
from polyhead.preparation import Prepared

FREE_KEYS = ("device", "workers", "checkpoint_steps")  # change no weight


def run_identity(config: Config, prepared: Prepared) -> dict[str, Any]:
    """Config, classes, and a fingerprint of rows, targets and split."""
    digest = hashlib.sha256("\n".join(prepared.images).encode("utf-8", "surrogateescape"))
    for name, values in prepared.targets.items():
        digest.update(name.encode() + np.ascontiguousarray(values).tobytes())
    digest.update("".join(part[1] for part in prepared.split).encode())
    keys = config.model_dump(mode="json")
    for key in FREE_KEYS:
        del keys["train"][key]
    classes = {name: list(task.classes) for name, task in prepared.tasks.items()}
    return {"config": keys, "classes": classes, "data": digest.hexdigest()}


def require_same(saved: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    """Refuse to resume with another config or other data.

    Raises:
        CheckpointError: Lists what differs.
    """
    differences = list(_differences(saved, current, ""))
    if differences:
        shown = "\n".join(f"  {line}" for line in differences[:20])
        raise CheckpointError(
            f"the run cannot be resumed: since its checkpoint was written there changed\n{shown}\n"
            "Undo the change, or start a new run."
        )


def _differences(old: Any, new: Any, path: str) -> list[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = [*old, *(key for key in new if key not in old)]
        nested = (
            _differences(old.get(key), new.get(key), f"{path}.{key}".lstrip(".")) for key in keys
        )
        return [line for lines in nested for line in lines]
    if old == new:
        return []
    if path == "data":
        return ["the table, the labels or the readable pictures"]
    return [f"{path}: {old} -> {new}"]

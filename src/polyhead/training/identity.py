"""Values that must be unchanged for a run to be resumed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from polyhead.config import Config
from polyhead.data import read_split
from polyhead.errors import CheckpointError
from polyhead.files import sha256_of
from polyhead.preparation import Prepared
from polyhead.runtime.run_folder import RunFolder

FREE_KEYS = ("device", "workers", "checkpoint_steps")  # change no weight


def run_identity(config: Config, prepared: Prepared, run: RunFolder) -> dict[str, Any]:
    """Config, classes, and fingerprints of rows, labels, pixels, split and start weights."""
    keys = config.model_dump(mode="json")
    for key in FREE_KEYS:
        del keys["train"][key]
    labels = {
        f"labels of {name}": _digest(_content(values)) for name, values in prepared.targets.items()
    }
    data = {
        "image names": _digest("\n".join(prepared.images).encode("utf-8", "surrogateescape")),
        **labels,
        "pixels": _digest(prepared.digests.tobytes()),
        "split": _digest("".join(part[1] for part in prepared.split).encode()),
    }
    classes = {name: list(task.classes) for name, task in prepared.tasks.items()}
    start = sha256_of(run.start_weights) if run.start_weights.exists() else None
    return {"config": keys, "classes": classes, "data": data, run.start_weights.name: start}


def require_same(saved: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    """Refuse to resume with another config or other data.

    Raises:
        CheckpointError: Lists what differs.
    """
    differences = _differences(saved, current, "")
    if differences:
        shown = "\n".join(f"  {line}" for line in differences[:20])
        raise CheckpointError(
            f"the run cannot be resumed: since its checkpoint was written there changed\n{shown}\n"
            "Undo the change, or start a new run."
        )


def require_same_rows(run: RunFolder, prepared: Prepared) -> None:
    """Refuse to resume when the table names other images, or the split falls differently.

    Raises:
        CheckpointError: Says which images came, went or changed their part.
    """
    names, parts = read_split(run.split)
    before = dict(zip(names, parts.tolist(), strict=True))
    now = dict(zip(prepared.images, prepared.split.tolist(), strict=True))
    found = {
        "no longer there": [name for name in before if name not in now],
        "new": [name for name in now if name not in before],
        "in another part": [name for name in before if before[name] != now.get(name, before[name])],
    }
    if names == prepared.images and not found["in another part"]:
        return
    shown = "; ".join(
        f"{len(some)} {kind}, such as {some[0]}" for kind, some in found.items() if some
    )
    raise CheckpointError(
        f"the run cannot be resumed: the images of {prepared.table.source} are not those that "
        f"it began with ({shown or 'their order differs'}). Undo the change, or start a new run."
    )


def _content(values: Any) -> bytes:
    """All bytes of targets: an array, or a dataclass of arrays, texts and paths."""
    if isinstance(values, np.ndarray):
        return np.ascontiguousarray(values).tobytes()
    if is_dataclass(values):
        return b"\0".join(_content(getattr(values, part.name)) for part in fields(values))
    if isinstance(values, pa.Array | pa.ChunkedArray):
        values = values.to_pylist()  # its own text is shortened, and contains its address in memory
    return repr(values).encode("utf-8", "surrogateescape")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _differences(old: Any, new: Any, path: str) -> list[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = [*old, *(key for key in new if key not in old)]
        nested = (
            _differences(old.get(key), new.get(key), f"{path}.{key}".lstrip(".")) for key in keys
        )
        return [line for lines in nested for line in lines]
    if old == new:
        return []
    if path.startswith("data."):
        return [f"the {path.removeprefix('data.')}"]
    return [f"{path.removeprefix('config.')}: {old} -> {new}"]

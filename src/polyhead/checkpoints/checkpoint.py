"""Checkpoints to resume from: a folder appears under its name only when it is complete.

`RUN/checkpoints/step-000000123/` holds one safetensors file a group (model, ema, optimizer…),
`state.json`, and `manifest.json`, written last. A folder named `….tmp` is an unfinished save;
`….old` is the previous save of the same step, in the instant between two renames.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from polyhead.checkpoints.manifest import verified_manifest, write_manifest
from polyhead.checkpoints.weights import read_weights, write_weights
from polyhead.errors import CheckpointError
from polyhead.files import explained, rename_folder, sync_folder, write_json

_STEP_FOLDER = re.compile(r"step-(\d{9,})(\.old)?")
_GROUP = re.compile(r"[a-z][a-z0-9_]*")
_STATE = "state.json"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a run resumes from.

    Attributes:
        step: Optimizer steps taken.
        groups: Group name (model, ema, optimizer…) to its tensors, on the CPU.
        state: The rest, as read from JSON: tuples are lists, keys are strings.
    """

    step: int
    groups: dict[str, dict[str, Tensor]]
    state: dict[str, Any]


def save_checkpoint(
    run: Path,
    step: int,
    groups: Mapping[str, Mapping[str, Tensor]],
    state: Mapping[str, Any],
    keep: int = 2,
) -> Path:
    """Save a checkpoint, crash-safely; then remove older ones and unfinished ones.

    Checkpoints of later steps belong to a future that the run has gone back from: they are
    removed as well, so that the next resume continues this one. One process writes at a time.

    Args:
        run: The run folder.
        step: Optimizer steps taken, 0 or more.
        groups: Group name in lower case to its tensors.
        state: Whatever else JSON holds exactly.
        keep: How many checkpoints are kept, 1 or more, this one included.

    Returns:
        The folder of the checkpoint.

    Raises:
        CheckpointError: `E_NON_FINITE`, naming the tensors.
        PolyheadError: `E_WRITE` or `E_JSON`. Earlier checkpoints are intact after any error.
        ValueError: A group name, a step or `keep` out of range.
    """
    _validate(step, groups, keep)
    parent = run / "checkpoints"
    with explained("create", parent):
        parent.mkdir(exist_ok=True)
    sync_folder(run)
    final = parent / f"step-{step:09d}"
    with _draft_of(final) as draft:
        digests = {
            f"{name}.safetensors": write_weights(draft / f"{name}.safetensors", tensors, {})
            for name, tensors in groups.items()
        }
        digests[_STATE] = write_json(draft / _STATE, state)
        write_manifest(draft, step, digests)
        _publish(draft, final)
    _sweep(final, step, keep)
    return final


def has_checkpoint(run: Path) -> bool:
    """Whether any save was finished, whether or not its checkpoint is still valid."""
    return bool(_found(run / "checkpoints"))


def load_checkpoint(run: Path, step: int | None = None) -> Checkpoint:
    """Load the newest valid checkpoint; a newer invalid one is skipped with a logged warning.

    Args:
        run: The run folder.
        step: The checkpoint of exactly this step, or an error.

    Raises:
        CheckpointError: `E_CHECKPOINT`, none is valid, saying what was found; `E_FORMAT_VERSION`,
            made by a newer polyhead; with `step`, whatever is wrong with that one.
        PolyheadError: `E_READ`; a fault of the disk or of permissions, which is no evidence about
            the checkpoint, never makes it skipped.
    """
    parent = run / "checkpoints"
    found = _found(parent)
    if step is not None:
        return _load_step(parent, found, step)
    faults = []
    for _, folder in found:
        try:
            return _load(folder)
        except CheckpointError as error:
            if error.code == "E_FORMAT_VERSION":
                raise
            _logger.warning("Skipped an invalid checkpoint: %s", error)
            faults.append(error.message)
    text = f"No valid checkpoint in {parent}. Found: {' '.join(faults) or 'none at all.'}"
    raise CheckpointError(f"{text} Start a new run.")


def _validate(step: int, groups: Mapping[str, object], keep: int) -> None:
    if step < 0:
        raise ValueError(f"Parameter `step` should not be negative. Found `step = {step}`.")
    if keep < 1:
        raise ValueError(f"Parameter `keep` should be at least 1. Found `keep = {keep}`.")
    wrong = [name for name in groups if not _GROUP.fullmatch(name)]
    if wrong:
        raise ValueError(f"Parameter `groups` should have lower-case names. Found {wrong}.")


@contextmanager
def _draft_of(final: Path) -> Iterator[Path]:
    """A fresh folder to write in, removed when the body fails."""
    draft = final.with_name(f"{final.name}.tmp")
    with explained("prepare", draft):
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir()
    try:
        yield draft
    except BaseException:
        # The first error matters; the next save removes whatever remains.
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _publish(draft: Path, final: Path) -> None:
    """Give the draft its name, moving a checkpoint of the same step aside, not away."""
    if final.exists():
        aside = final.with_name(f"{final.name}.old")
        with explained("remove", aside):
            if aside.exists():
                shutil.rmtree(aside)
        rename_folder(final, aside)
    rename_folder(draft, final)


def _sweep(final: Path, step: int, keep: int) -> None:
    """Remove what the complete checkpoint `final` makes superfluous."""
    found = _found(final.parent)
    older = [folder for number, folder in found if number < step]
    later = [folder for number, folder in found if number >= step and folder != final]
    for folder in later:
        _logger.info("Removed %s: the run went back to an earlier step.", folder)
    with explained("remove old checkpoints in", final.parent, "The newest one is complete."):
        _remove_drafts(final.parent)
        for folder in older[keep - 1 :] + later:
            # Under its own name a half-removed folder would look like a damaged checkpoint.
            os.rename(folder, folder.with_name(f"{folder.name}.tmp"))
        _remove_drafts(final.parent)


def _remove_drafts(parent: Path) -> None:
    for draft in parent.glob("step-*.tmp"):
        shutil.rmtree(draft)


def _found(parent: Path) -> list[tuple[int, Path]]:
    """Step and folder of everything that is named like a checkpoint, newest first."""
    if not parent.is_dir():
        return []
    with explained("read", parent, code="E_READ"):
        matches = [(_STEP_FOLDER.fullmatch(path.name), path) for path in parent.iterdir()]
    found = [(int(match[1]), match[2] is None, path) for match, path in matches if match]
    return [(step, path) for step, _, path in sorted(found, reverse=True)]


def _load_step(parent: Path, found: list[tuple[int, Path]], step: int) -> Checkpoint:
    folders = [folder for number, folder in found if number == step]
    if not folders:
        there = ", ".join(str(number) for number, _ in found) or "none"
        text = f"{parent} has no checkpoint of step {step}; it has: {there}."
        raise CheckpointError(text)
    return _load(folders[0])


def _load(folder: Path) -> Checkpoint:
    with explained("read", folder, code="E_READ"):
        manifest = verified_manifest(folder)
        if folder.name.removesuffix(".old") != f"step-{manifest.step:09d}":
            raise CheckpointError(f"{folder} holds step {manifest.step}. Restore its name.")
        state = json.loads((folder / _STATE).read_bytes())
    weights = [name for name in manifest.files if name != _STATE]
    groups = {Path(name).stem: read_weights(folder / name)[0] for name in weights}
    return Checkpoint(manifest.step, groups, state)

"""The run folder: paths of all files of a run."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyhead.errors import CheckpointError, ConfigError, nearest
from polyhead.files import explained, sync_folder
from polyhead.runtime.lock import held_lock

_NAME = re.compile(r"[\w][\w.-]{0,99}")


@dataclass(frozen=True)
class RunFolder:
    """A complete and portable run: `runs/<name>-NNN`.

    Attributes:
        path: The folder.
    """

    path: Path

    @classmethod
    def create(cls, runs: Path, name: str) -> RunFolder:
        """Make `runs/<name>-NNN` with the number after the highest one taken.

        Several processes may do so at the same time: each gets its own folder.

        Args:
            runs: The folder of all runs; made when it is not there.
            name: Letters, digits, `_`, `-` and `.`; at most 100.

        Raises:
            ConfigError: The name cannot name a folder.
            PolyheadError: `E_WRITE`.
        """
        if not _NAME.fullmatch(name):
            text = f'The name "{name}" cannot name a run folder.'
            raise ConfigError(f"{text} Use up to 100 letters, digits, `_`, `-` and `.`.")
        with explained("create a run in", runs):
            runs.mkdir(parents=True, exist_ok=True)
            path = _take_next_number(runs, name)
            (path / "weights").mkdir()
        sync_folder(runs)
        return cls(path)

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """Open an existing run.

        Raises:
            CheckpointError: `E_RUN`, it is not a run folder; names the runs nearby.
        """
        run = cls(Path(path))
        if not run.resolved_config.is_file():
            kind = "is not a run folder" if run.path.exists() else "does not exist"
            lacks = f": it has no {run.resolved_config.name}" if run.path.is_dir() else ""
            hint = _runs_nearby(run.path)
            raise CheckpointError(f"{path} {kind}{lacks}. {hint}", code="E_RUN")
        return run

    @property
    def config(self) -> Path:
        """The user's config, byte for byte."""
        return self.path / "config.yaml"

    @property
    def resolved_config(self) -> Path:
        """The config with every default and `--set` in place; its presence makes it a run."""
        return self.path / "config.resolved.yaml"

    @property
    def environment(self) -> Path:
        """Versions of Python, system and packages."""
        return self.path / "environment.json"

    @property
    def classes(self) -> Path:
        """Tasks with their labels in order, and thresholds."""
        return self.path / "classes.json"

    @property
    def split(self) -> Path:
        """Which image is in train, val and test."""
        return self.path / "split.parquet"

    @property
    def metrics(self) -> Path:
        """One JSON line an event of the training."""
        return self.path / "metrics.jsonl"

    @property
    def best_weights(self) -> Path:
        """Weights of the best validation."""
        return self.path / "weights" / "best.safetensors"

    @property
    def last_weights(self) -> Path:
        """Weights of the end of the training."""
        return self.path / "weights" / "last.safetensors"

    @property
    def start_weights(self) -> Path:
        """Weights taken from another run; absent when there were none."""
        return self.path / "weights" / "start.safetensors"

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints that a run resumes from."""
        return self.path / "checkpoints"

    @property
    def predictions(self) -> Path:
        """COCO results of the boxes tasks."""
        return self.path / "predictions"

    @property
    def evaluation(self) -> Path:
        """Held-out figures."""
        return self.path / "evaluation.json"

    @property
    def readme(self) -> Path:
        """The model card."""
        return self.path / "README.md"

    @property
    def log(self) -> Path:
        """Printed lines of the run."""
        return self.path / "log.txt"

    def lock(self) -> AbstractContextManager[None]:
        """Keep other processes from writing to this run while the body runs.

        Raises:
            CheckpointError: `E_LOCKED`, another process holds it.
            PolyheadError: `E_WRITE`, the folder cannot be written.
        """
        return held_lock(self.path / ".lock")


def environment() -> dict[str, Any]:
    """Versions of Python, system and polyhead's installed requirements, for environment.json.

    Holds no names of machines, users or folders.
    """
    requirements = importlib.metadata.requires("polyhead") or []
    names = sorted(
        {re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in requirements}
    )
    versions = {name: _installed_version(name) for name in ["polyhead", *names]}
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "num_cpus": os.cpu_count(),
        "packages": {name: version for name, version in versions.items() if version is not None},
    }


def _installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:  # an extra that is not installed
        return None


def _take_next_number(runs: Path, name: str) -> Path:
    pattern = re.compile(re.escape(name) + r"-(\d+)")
    matches = (pattern.fullmatch(path.name) for path in runs.iterdir())
    number = max((int(match[1]) for match in matches if match), default=0)
    while True:
        number += 1
        path = runs / f"{name}-{number:03d}"
        try:
            path.mkdir()
        except FileExistsError:  # another process took this number first
            continue
        return path


def _runs_nearby(path: Path) -> str:
    """A hint from the runs in the folder itself, beside it, and in `runs/`."""
    folders = (path, path.parent, Path("runs"))
    configs = [config for folder in folders for config in folder.glob("*/config.resolved.yaml")]
    if not configs:
        return "Train one with `polyhead train CONFIG`."
    return nearest(str(path), {str(config.parent) for config in configs})

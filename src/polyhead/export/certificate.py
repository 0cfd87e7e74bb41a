"""The parity certificate: does every engine answer as the network in PyTorch does?"""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from polyhead.errors import PolyheadError
from polyhead.predictions import TaskPrediction
from polyhead.tasks import Dense, Meter, Targets, TaskDecider


class ParityError(PolyheadError):
    """A head answers otherwise in an engine than in PyTorch."""

    code = "E_PARITY"


class Comparison:
    """One engine against PyTorch, batch by batch, in bounded memory.

    Args:
        tasks: Task name to decider.
    """

    def __init__(self, tasks: Mapping[str, TaskDecider]) -> None:
        self._tasks = tasks
        self._largest: dict[str, float] = {}
        self._changed = dict.fromkeys(tasks, 0)
        self._num_images = 0
        self._meters: tuple[dict[str, Meter], dict[str, Meter]] = (
            {name: task.meter() for name, task in tasks.items()},
            {name: task.meter() for name, task in tasks.items()},
        )
        self._num_known = 0

    def update(
        self,
        ours: Mapping[str, Dense],
        theirs: Mapping[str, Dense],
        sizes: np.ndarray,
        targets: Mapping[str, Targets],
    ) -> None:
        """Take one batch.

        Args:
            ours: Of PyTorch.
            theirs: Of the engine.
            sizes: (B, 2) height and width of the images.
            targets: Task name to the batch's targets.
        """
        self._num_images += len(sizes)
        for name, task in self._tasks.items():
            for key, array in ours[name].items():
                at = f"{name}/{key}"
                difference = float(np.abs(theirs[name][key] - array).max(initial=0.0))
                self._largest[at] = max(self._largest.get(at, 0.0), difference)
            pairs = zip(
                task.select(ours[name], sizes), task.select(theirs[name], sizes), strict=True
            )
            self._changed[name] += sum(_differ(mine, other) for mine, other in pairs)
            for meters, dense in zip(self._meters, (ours, theirs), strict=True):
                meters[name].update(dense[name], targets[name])

    def entry(self) -> dict[str, Any]:
        """The engine's part of `certificate.json`."""
        tasks = {}
        for name in self._tasks:
            figures = [meters[name].compute()["metrics"] for meters in self._meters]
            key = next(iter(figures[0]))
            ours, theirs = (figure[key]["value"] for figure in figures)
            prefix = f"{name}/"
            tasks[name] = {
                "largest_difference": {
                    at.removeprefix(prefix): value
                    for at, value in self._largest.items()
                    if at.rpartition("/")[0] == name
                },
                "changed_images": self._changed[name],
                "figure": key,
                "torch": ours,
                "engine": theirs,
            }
        return {"num_images": self._num_images, "tasks": tasks}


def check_parity(engine: str, entry: Mapping[str, Any], tolerance: float) -> None:
    """Refuse an engine whose headline figure of some head is worse than in PyTorch.

    Args:
        engine: Its name.
        entry: Of `Comparison.entry`.
        tolerance: Largest loss of a figure; relative for errors such as an MAE.

    Raises:
        ParityError: Naming each such head.
    """
    worse = []
    for name, task in entry["tasks"].items():
        ours, theirs = task["torch"], task["engine"]
        if ours is None or theirs is None:  # nothing known to measure by
            continue
        is_error = task["figure"] == "MAE"
        loss = (theirs - ours) / max(ours, 1e-9) if is_error else ours - theirs
        if not loss <= tolerance:
            worse.append(f"{name} {task['figure']} {theirs:.4f} against {ours:.4f} in PyTorch")
    if worse:
        raise ParityError(
            f"{engine} answers worse than PyTorch: {'; '.join(worse)}; the tolerance is "
            f"{tolerance:g}; raise --tolerance, or leave the head out by --drop-head."
        )


def surroundings(packages: Iterable[str]) -> dict[str, Any]:
    """Processor and versions that a certificate holds for.

    Args:
        packages: Their versions are listed.
    """
    versions = {name: importlib.metadata.version(name) for name in packages}
    return {"machine": platform.machine(), "cpu_flags": _cpu_flags(), "packages": versions}


def _cpu_flags() -> list[str]:
    """Vector instructions of the processor, where the system lists them."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            line = next((text for text in file if text.startswith("flags")), "")
    except OSError:
        return []
    return sorted({flag for flag in line.split() if flag.startswith(("avx", "amx", "fma", "sse4"))})


def _differ(mine: TaskPrediction, other: TaskPrediction) -> bool:
    """Whether two answers decide otherwise: labels, objects, pixels; not the digits of numbers."""
    return _decisions(mine.to_dict()) != _decisions(other.to_dict())


def _decisions(value: Any) -> Any:
    """The JSON of an answer without its fractions."""
    if isinstance(value, dict):
        return {key: _decisions(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_decisions(part) for part in value]
    return None if isinstance(value, float) else value

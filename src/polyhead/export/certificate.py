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


class EngineComparison:
    """One engine against PyTorch, batch by batch, in bounded memory.

    Args:
        tasks: Task name to decider.
    """

    def __init__(self, tasks: Mapping[str, TaskDecider]) -> None:
        self._heads = {name: _HeadComparison(task) for name, task in tasks.items()}
        self._num_images = 0

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
        for name, head in self._heads.items():
            head.update((ours[name], theirs[name]), sizes, targets[name])

    def entry(self) -> dict[str, Any]:
        """The engine's part of `certificate.json`."""
        tasks = {name: head.entry() for name, head in self._heads.items()}
        return {"num_images": self._num_images, "tasks": tasks}


class _HeadComparison:
    """One head of an engine against the same of PyTorch; pairs are PyTorch's first."""

    def __init__(self, task: TaskDecider) -> None:
        self._task = task
        self._largest: dict[str, float] = {}
        self._num_changed = 0
        self._meters: tuple[Meter, Meter] = (task.meter(), task.meter())

    def update(self, pair: tuple[Dense, Dense], sizes: np.ndarray, targets: Targets) -> None:
        ours, theirs = pair
        for key, array in ours.items():
            difference = _largest_difference(array, theirs[key])
            self._largest[key] = max(self._largest.get(key, 0.0), difference)
        if np.isfinite(list(self._largest.values())).all():  # else the head is refused anyway
            mine, others = (self._task.select(dense, sizes) for dense in pair)
            self._num_changed += sum(map(_differ, mine, others))
            for meter, dense in zip(self._meters, pair, strict=True):
                meter.update(dense, targets)

    def entry(self) -> dict[str, Any]:
        figures = [meter.compute()["metrics"] for meter in self._meters]
        figure = next(iter(figures[0]))
        return {
            "largest_difference": self._largest,
            "changed_images": self._num_changed,
            "figure": figure,
            "torch": figures[0][figure]["value"],
            "engine": figures[1][figure]["value"],
        }


def check_parity(engine: str, entry: Mapping[str, Any], tolerance: float) -> None:
    """Refuse an engine some head of which answers worse than in PyTorch.

    A head is judged by its headline figure; where no known label defines it, by the share of
    images with another answer and by the largest difference of its dense arrays.

    Args:
        engine: Its name.
        entry: Of `EngineComparison.entry`.
        tolerance: Largest loss of a figure; relative for errors such as an MAE.

    Raises:
        ParityError: Naming each such head.
    """
    reasons = {
        name: _reason(task, entry["num_images"], tolerance) for name, task in entry["tasks"].items()
    }
    if worse := [f"{name} {reason}" for name, reason in reasons.items() if reason]:
        raise ParityError(
            f"{engine} answers worse than PyTorch: {'; '.join(worse)}; the tolerance is "
            f"{tolerance:g}; raise --tolerance, or train without the head."
        )


def _reason(task: Mapping[str, Any], num_images: int, tolerance: float) -> str:
    """Why a head is refused; empty when it is not."""
    ours, theirs, figure = task["torch"], task["engine"], task["figure"]
    largest = max(task["largest_difference"].values(), default=0.0)
    if not np.isfinite(largest):
        return "has values that are not finite where those of PyTorch are"
    if ours is None and theirs is None:
        changed = task["changed_images"] / max(num_images, 1)
        if max(changed, largest) <= tolerance:
            return ""
        return (
            f"has no known label to measure {figure} by, differs by up to {largest:.3g} and "
            f"answers {changed:.1%} of the images otherwise"
        )
    if ours is None or theirs is None:
        return f"has the {figure} {theirs} against {ours} in PyTorch"
    loss = (theirs - ours) / max(ours, 1e-9) if figure == "MAE" else ours - theirs
    return "" if loss <= tolerance else f"{figure} {theirs:.4f} against {ours:.4f} in PyTorch"


def _largest_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Max |b − a|; infinite where one of them is no number or infinite and the other is not so."""
    equal = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        difference = np.where(equal, 0.0, np.abs(theirs.astype(np.float64) - ours))
    return float(np.nan_to_num(difference, nan=np.inf, posinf=np.inf).max(initial=0.0))


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

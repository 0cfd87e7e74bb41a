"""What boxes cost a training step: tags alone, tags and boxes, all five heads.

    OMP_NUM_THREADS=1 python benchmarks/detection_step.py [--rounds 15]

Batch 16 of street scenes at 160 px on tf_efficientnet_lite0, through the Stepper of a run's own
parts: forward, losses with their assignment of boxes, backward, clipping, AdamW. Every network is
its own and sees the same images; they take turns in one process with one thread, and a ratio is
the median over rounds. Boxes are timed with both assignments: the static one of the first steps
and the dynamic one of the rest. Weights are random.

Times are processor time, so that other work on the machine is left out.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from noise_images import first_batch
from one_pass import TASKS, config_for

from polyhead.scenes import SceneOptions, write_scenes
from polyhead.training.allocator import keep_freed_memory
from polyhead.training.build import build_parts

SIDE, NUM_SCENES, WARM_UP = 160, 32, 3
ALONE = "tags alone"
SETS = {
    ALONE: ("contents",),
    "tags, boxes": ("contents", "objects"),
    "all five": tuple(TASKS),
}
SHARES = {"static": 0.0, "dynamic": 0.9}  # of the training that is done
Step = Callable[[float], object]


def step_of(folder: Path, names: tuple[str, ...]) -> Step:
    """One training step at a share of the training, on a network and a batch of its own."""
    config = config_for(folder, SIDE, names)
    prepared, batch = first_batch(config)
    parts = build_parts(config, prepared, pretrained=False)
    parts.network.train()

    def step(share: float) -> None:
        parts.stepper.objective.set_progress(share)
        if not parts.stepper([batch]).taken:
            raise SystemExit("a step was not finite, so that its time says nothing")

    return step


def milliseconds(step: Step, share: float) -> float:
    """Processor time of one step."""
    started = time.process_time()
    step(share)
    return 1000 * (time.process_time() - started)


def compare(steps: dict[str, Step], assignment: str, rounds: int) -> None:
    """Print the rows of one assignment."""
    seen: list[dict[str, float]] = []
    for turn in range(rounds + WARM_UP):
        order = list(steps) if turn % 2 else list(steps)[::-1]
        seen.append({name: milliseconds(steps[name], SHARES[assignment]) for name in order})
    seen = seen[WARM_UP:]
    for name in steps:
        median = statistics.median(times[name] for times in seen)
        ratio = statistics.median(times[name] / times[ALONE] for times in seen)
        print(f"{assignment:8s} {name:12s} {median:6.0f} ms, ratio {ratio:.3f}", flush=True)


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description="What boxes cost a training step.")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        write_scenes(Path(folder), NUM_SCENES, SceneOptions(size=SIDE))
        steps = {name: step_of(Path(folder), names) for name, names in SETS.items()}
        for assignment in SHARES:
            compare(steps, assignment, arguments.rounds)


if __name__ == "__main__":
    main()

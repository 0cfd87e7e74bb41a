"""One pass with five heads against five single-task networks on the same backbone.

    OMP_NUM_THREADS=1 python benchmarks/one_pass.py [--rounds 15]

Tags, class, boxes, mask and a number on tf_efficientnet_lite0, as a config of five tasks builds
them, against five networks that the same config builds when it has one task alone. Weights are
random: they change no latency. Each network answers the same street scenes through `TorchEngine`,
from uint8 images to dense arrays; decoding images and selecting answers are left out, for the
latter is the same on both sides. All six networks live in one process with one thread and take
turns; a round's ratio is the sum of the five over the one.

Times are processor time, so that other work on the machine is left out.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from polyhead.checkpoints import TorchEngine
from polyhead.config import Config
from polyhead.data import load_image
from polyhead.network import Network, build_network
from polyhead.network.layout import lay_out
from polyhead.preparation import prepare
from polyhead.progress import Reporter
from polyhead.scenes import MASK_CLASSES, SceneOptions, write_scenes
from polyhead.tasks import TaskDecider

TASKS: dict[str, dict[str, Any]] = {
    "contents": {"type": "tags", "column": "tags"},
    "daytime": {"type": "class", "column": "daytime"},
    "objects": {"type": "boxes"},
    "ground": {"type": "mask", "column": "mask", "classes": MASK_CLASSES},
    "people": {"type": "number", "column": "people"},
}
SIDES, BATCHES, NUM_SCENES = (160, 224), (1, 16), 16
WARM_UP = 2


def config_for(folder: Path, side: int, names: tuple[str, ...]) -> Config:
    """Some of the five tasks on the scenes of a folder."""
    return Config.model_validate(
        {
            "data": {
                "annotations": [str(folder / "labels.csv"), str(folder / "objects.json")],
                "cache": False,
            },
            "tasks": {name: TASKS[name] for name in names},
            "model": {"pretrained": False, "image_size": side},
        }
    )


def build(folder: Path, side: int, tasks: dict[str, TaskDecider]) -> Network:
    """A network for some of the tasks, as a loaded run has it."""
    config = config_for(folder, side, tuple(tasks))
    network = build_network(config, tasks, pretrained=False)
    lay_out(network)
    return network.eval()


def networks(folder: Path, side: int) -> tuple[Network, list[Network]]:
    """The shared network, and one for each task."""
    prepared = prepare(config_for(folder, side, tuple(TASKS)), Reporter(quiet=True))
    tasks = prepared.deciders()
    return build(folder, side, tasks), [build(folder, side, {n: t}) for n, t in tasks.items()]


def num_parameters(network: nn.Module) -> int:
    """Numbers that training changes."""
    return sum(parameter.numel() for parameter in network.parameters())


def milliseconds(engine: Callable[[np.ndarray], object], images: np.ndarray) -> float:
    """Processor time of one pass."""
    started = time.process_time()
    engine(images)
    return 1000 * (time.process_time() - started)


def rounds_of(
    shared: Network, single: list[Network], images: np.ndarray, num: int
) -> list[tuple[float, list[float]]]:
    """Milliseconds of the shared network and of each single one, in turns."""
    engines = [TorchEngine(network) for network in (shared, *single)]
    seen = []
    for turn in range(num + WARM_UP):
        order = engines if turn % 2 else engines[::-1]
        times = {id(engine): milliseconds(engine, images) for engine in order}
        first, *rest = (times[id(engine)] for engine in engines)
        seen.append((first, rest))
    return seen[WARM_UP:]


def compare(folder: Path, side: int, rounds: int) -> None:
    """Print the rows of one side of the images."""
    shared, single = networks(folder, side)
    ours, theirs = num_parameters(shared), sum(map(num_parameters, single))
    print(f"{side} px: {ours / 1e6:.2f} M parameters, five networks {theirs / 1e6:.2f} M, ", end="")
    print(f"ratio {theirs / ours:.2f}×")
    paths = sorted((folder / "images").iterdir())
    images = np.stack([load_image(path, (side, side)).image for path in paths])
    for batch in BATCHES:
        seen = rounds_of(shared, single, images[:batch], rounds)
        one, five = (statistics.median(column) for column in zip(*_sums(seen), strict=True))
        ratio = statistics.median(b / a for a, b in _sums(seen))
        each = [statistics.median(column) for column in zip(*(r for _, r in seen), strict=True)]
        print(f"{side} px, batch {batch:2d}: one pass {one:6.1f} ms, five {five:6.1f} ms, ", end="")
        print(f"ratio {ratio:.2f}× (medians of {rounds} rounds; ", end="")
        shown = (f"{name} {ms:.1f}" for name, ms in zip(TASKS, each, strict=True))
        print(f"{', '.join(shown)})", flush=True)


def _sums(seen: list[tuple[float, list[float]]]) -> list[tuple[float, float]]:
    return [(one, sum(five)) for one, five in seen]


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description="One pass against five networks.")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        scenes = Path(folder)
        write_scenes(scenes, NUM_SCENES, SceneOptions(size=max(SIDES)))
        for side in SIDES:
            compare(scenes, side, arguments.rounds)


if __name__ == "__main__":
    main()

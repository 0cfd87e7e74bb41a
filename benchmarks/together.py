"""Do tasks gain or lose by company? All tasks in one network against each alone.

    python benchmarks/together.py [--sets scenes canvases] [--data DIR] [--sizes 300 1000]
                                  [--seeds 3] [--side 64] [--epochs N] [--num-test 500]
                                  [--tasks NAME ...] [--set KEY=VALUE ...] [--skip-alone]
                                  [--known COLUMN=SHARE ...]

Street scenes have five tasks (tags, class, boxes, mask, number), canvases of garments three (tags,
number, boxes); `--data` is the folder that `fashion_mnist.py` explains. Every run has the same
images, seed, image size and number of epochs; all other keys are the defaults, and what `--set`
changes goes to all of them. Reported are test figures. Differences are signed so that plus is
better in company; those of an MAE are shares of the MAE alone. `--known daytime=0.05` leaves a
column of scenes known in a twentieth of the training images.
"""

from __future__ import annotations

import argparse
import copy
import csv
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from garment_sources import Sources
from garments import NUM_VALIDATION, Garments, draw_boxed_canvas, read_garments
from quality import EPOCHS as QUALITY_EPOCHS
from quality import parts_of

import polyhead
from polyhead.config import apply_override
from polyhead.progress import Reporter
from polyhead.scenes import MASK_CLASSES, SceneOptions, write_scenes

HEADLINES = {"tags": "mAP", "class": "accuracy", "boxes": "AP", "mask": "mIoU", "number": "MAE"}
EPOCHS = {300: 20, 1000: 6}
MOST_LOST = {"MAE": 0.03}  # of the MAE alone; else .01 of the figure
COUNT = {"type": "number", "distribution": "poisson"}
SCENE_TASKS: dict[str, dict[str, Any]] = {
    "contents": {"type": "tags", "column": "tags"},
    "daytime": {"type": "class"},
    "objects": {"type": "boxes"},
    "ground": {"type": "mask", "column": "mask", "classes": list(MASK_CLASSES)},
    "people": COUNT,
}
CANVAS_TASKS: dict[str, dict[str, Any]] = {
    "tags": {"type": "tags"},
    "objects": {"type": "boxes"},
    "count": COUNT,
}

Tree = dict[str, Any]


def write_street(
    out: Path, sizes: Mapping[str, int], seed: int, known: Mapping[str, float]
) -> Tree:
    """Street scenes and the `data` section that reads them, with a column of the split.

    Args:
        out: The folder.
        sizes: Part of the split to its number of scenes.
        seed: Of the scenes, and of which cells are unknown.
        known: Column to the share of its training cells that stay known.
    """
    table = write_scenes(out, sum(sizes.values()), SceneOptions(size=128, seed=seed))
    split = [part for part, num in sizes.items() for _ in range(num)]
    with table.open(newline="") as file:
        header, *rows = csv.reader(file)
    generator = np.random.default_rng(seed)
    for column, share in known.items():
        hidden = generator.random(sizes["train"]) >= share
        for row in np.flatnonzero(hidden):
            rows[row][header.index(column)] = ""
    with (out / "split.csv").open("w", newline="") as file:
        parted = [[*row, part] for row, part in zip(rows, split, strict=True)]
        csv.writer(file).writerows([[*header, "split"], *parted])
    return _section(out, "split.csv")


def write_canvases(out: Path, sizes: Mapping[str, int], data: Path, seed: int) -> Tree:
    """Canvases whose parts show different garments, and the `data` section that reads them."""
    train, test = read_garments(data)
    shuffled = np.random.default_rng(seed).permutation(len(train.labels))
    garments: dict[str, Garments] = {
        "train": train.take(shuffled[NUM_VALIDATION:]),
        "val": train.take(shuffled[:NUM_VALIDATION]),
        "test": test,
    }
    (out / "images").mkdir(parents=True)
    generator, sources = np.random.default_rng(seed), Sources(out)
    for part, num in sizes.items():
        for _ in range(num):
            sources.add(draw_boxed_canvas(garments[part], generator), part, has_boxes=True)
    sources.write()
    return _section(out, "all.csv")


def _section(out: Path, table: str) -> Tree:
    annotations = [str(out / table), str(out / "objects.json")]
    return {"annotations": annotations, "split": {"column": "split"}}


def train_and_test(tree: Tree, changes: list[str], runs: Path) -> dict[str, float]:
    """Test figure of each task of one run."""
    tree = copy.deepcopy(tree)
    for change in changes:
        task = change.split(".")[1] if change.startswith("tasks.") else None
        if task is None or task in tree["tasks"]:
            apply_override(tree, change)
    reporter = Reporter(quiet=True)
    run = polyhead.train(tree, runs=runs, reporter=reporter)
    found = polyhead.evaluate(run.path, reporter=reporter)["tasks"]
    return {
        name: found[name]["metrics"][HEADLINES[task["type"]]]["value"]
        for name, task in tree["tasks"].items()
    }


def gain(metric: str, alone: float, together: float) -> float:
    """What company brings, plus for better: of an MAE as a share of the MAE alone."""
    return (alone - together) / alone if metric == "MAE" else together - alone


def compare(
    title: str, base: Tree, tasks: Mapping[str, Tree], arguments: argparse.Namespace, out: Path
) -> dict[str, float]:
    """Print and return the gain of each task, of one set and seed."""
    started = time.process_time()
    together = train_and_test(base | {"tasks": dict(tasks)}, arguments.set, out / "runs")
    shared = time.process_time() - started
    shown = " ".join(f"{name} {value:.4f}" for name, value in together.items())
    print(f"{title}: together {shown} ({shared:.0f} s)", flush=True)
    if arguments.skip_alone:
        return {}
    gains = {}
    for name, task in tasks.items():
        metric = HEADLINES[task["type"]]
        one = train_and_test(base | {"tasks": {name: task}}, arguments.set, out / "runs")[name]
        gains[name] = gain(metric, one, together[name])
        print(f"  {name} {metric} alone {one:.4f}, gain {gains[name]:+.4f}", flush=True)
    print(f"  {time.process_time() - started - shared:.0f} s for all alone", flush=True)
    return gains


def main() -> None:
    """Print the gain of each task in each set, and its mean over seeds."""
    parser = argparse.ArgumentParser(description="Tasks together against each alone.")
    parser.add_argument("--data", type=Path, help="folder of the Fashion-MNIST package")
    parser.add_argument("--sets", nargs="+", choices=("scenes", "canvases"), default=["scenes"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 1000])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--epochs", type=int, help="other than the default of each size")
    parser.add_argument("--num-test", type=int, default=500)
    parser.add_argument("--tasks", nargs="+", help="only these")
    parser.add_argument("--set", action="append", default=[], help="a key of the config")
    parser.add_argument("--known", nargs="+", default=[], metavar="COLUMN=SHARE")
    parser.add_argument("--skip-alone", action="store_true", help="print the shared network only")
    arguments = parser.parse_args()
    if "canvases" in arguments.sets and not arguments.data:
        parser.error("canvases need --data, the folder of the Fashion-MNIST package")
    torch.set_num_threads(1)
    for num in arguments.sizes:
        for name in arguments.sets:
            _report(name, num, arguments)


def _report(name: str, num: int, arguments: argparse.Namespace) -> None:
    sizes = parts_of(num, arguments.num_test)
    tasks = SCENE_TASKS if name == "scenes" else CANVAS_TASKS
    tasks = {key: task for key, task in tasks.items() if key in (arguments.tasks or tasks)}
    known = {key: float(share) for key, share in (item.split("=") for item in arguments.known)}
    gains: dict[str, list[float]] = {key: [] for key in tasks}
    for seed in arguments.seeds:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "data"
            if name == "scenes":
                data = write_street(out, sizes, seed, known)
            else:
                data = write_canvases(out, sizes, arguments.data, seed)
            epochs = arguments.epochs or EPOCHS.get(num, QUALITY_EPOCHS.get(num, 12))
            train = {"epochs": epochs, "seed": seed, "device": "cpu"}
            base = {"data": data, "model": {"image_size": arguments.side}, "train": train}
            found = compare(f"{name} {num} seed {seed}", base, tasks, arguments, Path(folder))
        for key, value in found.items():
            gains[key].append(value)
    if arguments.skip_alone:
        return
    means = {key: statistics.mean(values) for key, values in gains.items()}
    for key, mean in means.items():
        metric = HEADLINES[tasks[key]["type"]]
        verdict = "ok" if mean >= -MOST_LOST.get(metric, 0.01) else "LOSES"
        print(f"{name} {num}: {key} {metric} mean gain {mean:+.4f} {verdict}")
    print(f"{name} {num}: mean over tasks {statistics.mean(means.values()):+.4f}", flush=True)


if __name__ == "__main__":
    main()

"""The default recipe against a hand-written loop tuned by a grid, at equal seconds.

    python benchmarks/quality.py --quick
    python benchmarks/quality.py [--sets scenes canvases both] [--data DIR] [--sizes 300 1000 3000]
                                 [--seeds 3] [--side 96] [--epochs N] [--num-test 1000]

Polyhead trains with every key of `train`, head and loss at its default but the number of epochs.
The peer (`hand_written.py`) has the same backbone and packaged weights, one linear layer, BCE,
AdamW, cosine with warm-up, and is tuned for each size over three learning rates with and without
augmentation on the first seed; later seeds choose between its two best recipes. The best by
validation mAP counts, each time.

Each run of the peer gets the processor seconds that polyhead's whole call took on the same
images (check, decoding, validation and saving included), on images decoded beforehand. Both
use one thread, so that other work on the machine costs neither. Reported is test mAP. Sets are
street scenes and canvases of garments, whose `--data` `fashion_mnist.py` explains; and `both`:
street scenes with a class beside the tags, where the peer sums both losses in two ways, twelve
recipes in all, and reported is the mean of test mAP and accuracy.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import hand_written
import numpy as np
import torch
from garments import read_garments, write_canvases
from hand_written import GRID, GRID_OF_TWO, Recipe

import polyhead
from polyhead.progress import Reporter
from polyhead.scenes import SceneOptions, write_scenes

VALIDATION = 0.15
NUM_KEPT = 2  # recipes of the peer that later seeds choose between
SETS = ("scenes", "canvases", "both")
EPOCHS = {300: 20, 1000: 12, 3000: 8}


def parts_of(num: int, num_test: int) -> dict[str, int]:
    """Images of each part, `num` of them for training and validation."""
    held_out = round(VALIDATION * num)
    return {"train": num - held_out, "val": held_out, "test": num_test}


def write_street(
    out: Path, sizes: Mapping[str, int], seed: int, columns: Sequence[str] = ("tags",)
) -> Path:
    """Street scenes with some columns of their table, and a split column."""
    table = write_scenes(out / "scenes", sum(sizes.values()), SceneOptions(size=128, seed=seed))
    split = [part for part, num in sizes.items() for _ in range(num)]
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    path = table.parent / "tags.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", *columns, "split"))
        writer.writerows(
            (row["image"], *(row[column] for column in columns), part)
            for row, part in zip(rows, split, strict=True)
        )
    return path


def write_garment_canvases(out: Path, sizes: Mapping[str, int], data: Path, seed: int) -> Path:
    """Canvases whose parts show different garments."""
    train, test = read_garments(data)
    shuffled = np.random.default_rng(seed).permutation(len(train.labels))
    garments = {"train": train.take(shuffled[5000:]), "val": train.take(shuffled[:5000])}
    return write_canvases(out / "canvases", {**garments, "test": test}, dict(sizes))


def train_default(
    annotations: Path, side: int, epochs: int, seed: int, **keys: Any
) -> tuple[tuple[float, ...], float]:
    """Test figures of polyhead's recipe, and its processor seconds of training.

    Args:
        annotations: Table with the columns image, tags and split, and perhaps daytime.
        side: Of the images, in pixels.
        epochs: The one key of the recipe that is set.
        seed: Of the run.
        keys: Further keys of `train`, when a default is being chosen.
    """
    with annotations.open() as file:
        has_class = "daytime" in file.readline()
    tasks = {"tags": {"type": "tags", "column": "tags"}}
    if has_class:
        tasks["daytime"] = {"type": "class"}
    config = polyhead.Config.model_validate(
        {
            "data": {"annotations": str(annotations), "split": {"column": "split"}},
            "tasks": tasks,
            "model": {"image_size": side},
            "train": {"epochs": epochs, "seed": seed, "device": "cpu", **keys},
        }
    )
    reporter, started = Reporter(quiet=True), time.process_time()
    run = polyhead.train(config, runs=annotations.parent / "runs", reporter=reporter)
    seconds = time.process_time() - started
    found = polyhead.evaluate(run.path, reporter=reporter)["tasks"]
    headlines = [("tags", "mAP"), *([("daytime", "accuracy")] if has_class else [])]
    return tuple(found[task]["metrics"][name]["value"] for task, name in headlines), seconds


class Peer:
    """The hand-written loop, tuned for one set.

    Attributes:
        recipes: Those that are tried: all of the grid, and after the first seed its best two.
    """

    def __init__(self, recipes: Sequence[Recipe]) -> None:
        self.recipes = recipes

    def tune(
        self, annotations: Path, side: int, seconds: float, seed: int
    ) -> tuple[tuple[float, ...], Recipe]:
        """Test figures of the best recipe by validation, and that recipe."""
        parts, labels = hand_written.read_parts(annotations, side)
        seen: dict[Recipe, tuple[float, tuple[float, ...]]] = {}
        for recipe in self.recipes:
            model = hand_written.train(parts["train"], recipe, seconds, seed)
            val, test = (
                hand_written.figures(model, parts[part], labels) for part in ("val", "test")
            )
            print(f"  {recipe}: validation {_shown(val)}, test {_shown(test)}", flush=True)
            seen[recipe] = (statistics.mean(val), test)
        self.recipes = sorted(seen, key=lambda recipe: seen[recipe], reverse=True)[:NUM_KEPT]
        return seen[self.recipes[0]][1], self.recipes[0]


def compare(
    name: str, annotations: Path, side: int, epochs: int, seed: int, peer: Peer
) -> tuple[float, float]:
    """Both mean test figures on one set."""
    figures, seconds = train_default(annotations, side, epochs, seed)
    others, chosen = peer.tune(annotations, side, seconds, seed)
    print(f"{name} seed {seed}: default {_shown(figures)}, ", end="")
    print(f"by hand {_shown(others)} ({chosen}), ", end="")
    ours, theirs = statistics.mean(figures), statistics.mean(others)
    print(f"difference {ours - theirs:+.4f}, {seconds:.0f} s each", flush=True)
    return ours, theirs


def _shown(figures: Sequence[float]) -> str:
    return " and ".join(f"{figure:.4f}" for figure in figures)


def main() -> None:
    """Print each comparison and the means over seeds."""
    parser = argparse.ArgumentParser(description="The default recipe against a tuned loop.")
    parser.add_argument("--data", type=Path, help="folder of the Fashion-MNIST package")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=["scenes"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 1000, 3000])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--epochs", type=int, help="other than the default of each size")
    parser.add_argument("--num-test", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="300 images of 64 px, one seed")
    arguments = parser.parse_args()
    if arguments.quick:
        parser.set_defaults(sizes=[300], seeds=1, side=64, epochs=10, num_test=500)
        arguments = parser.parse_args()
    if "canvases" in arguments.sets and not arguments.data:
        parser.error("canvases need --data, the folder of the Fashion-MNIST package")
    torch.set_num_threads(1)
    for num in arguments.sizes:
        sizes = parts_of(num, arguments.num_test)
        epochs = arguments.epochs or EPOCHS.get(num, 12)
        for name in arguments.sets:
            pairs, peer = [], Peer(GRID_OF_TWO if name == "both" else GRID)
            for seed in range(arguments.seeds):
                with tempfile.TemporaryDirectory() as folder:
                    if name == "canvases":
                        table = write_garment_canvases(Path(folder), sizes, arguments.data, seed)
                    else:
                        columns = ("tags", "daytime") if name == "both" else ("tags",)
                        table = write_street(Path(folder), sizes, seed, columns)
                    pairs.append(
                        compare(f"{name} {num}", table, arguments.side, epochs, seed, peer)
                    )
            ours, theirs = (statistics.mean(column) for column in zip(*pairs, strict=True))
            print(f"{name} {num}: mean default {ours:.4f}, by hand {theirs:.4f}, ", end="")
            print(f"difference {ours - theirs:+.4f} over {len(pairs)} seeds", flush=True)


if __name__ == "__main__":
    main()

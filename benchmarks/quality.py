"""The default recipe against a hand-written loop tuned by a grid, at equal seconds.

    python benchmarks/quality.py --quick
    python benchmarks/quality.py [--sets scenes canvases] [--data DIR] [--sizes 300 1000 3000]
                                 [--seeds 3] [--side 96] [--epochs N] [--num-test 1000]

Polyhead trains with every key of `train`, head and loss at its default but the number of epochs.
The peer (`hand_written.py`) has the same backbone and packaged weights, one linear layer, BCE,
AdamW, cosine with warm-up, and is tuned for each size over three learning rates with and without
augmentation on the first seed; later seeds choose between its two best recipes. The best by
validation mAP counts, each time.

Each run of the peer gets the processor seconds that polyhead's whole call took on the same
pictures (check, decoding, validation and saving included), on pictures decoded beforehand. Both
use one thread, so that other work on the machine costs neither. Reported is test mAP. Sets are
street scenes and canvases of garments, whose `--data` `fashion_mnist.py` explains.
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
from hand_written import GRID, Recipe

import polyhead
from polyhead.progress import Reporter
from polyhead.scenes import SceneOptions, write_scenes

VALIDATION = 0.15
NUM_KEPT = 2  # recipes of the peer that later seeds choose between
EPOCHS = {300: 20, 1000: 12, 3000: 8}


def parts_of(num: int, num_test: int) -> dict[str, int]:
    """Pictures of each part, `num` of them for training and validation."""
    held_out = round(VALIDATION * num)
    return {"train": num - held_out, "val": held_out, "test": num_test}


def write_street(out: Path, sizes: Mapping[str, int], seed: int) -> Path:
    """Street scenes with their tags and a split column."""
    table = write_scenes(out / "scenes", sum(sizes.values()), SceneOptions(size=128, seed=seed))
    split = [part for part, num in sizes.items() for _ in range(num)]
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    path = table.parent / "tags.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "tags", "split"))
        writer.writerows((r["image"], r["tags"], p) for r, p in zip(rows, split, strict=True))
    return path


def write_garment_canvases(out: Path, sizes: Mapping[str, int], data: Path, seed: int) -> Path:
    """Canvases whose parts show different garments."""
    train, test = read_garments(data)
    shuffled = np.random.default_rng(seed).permutation(len(train.labels))
    garments = {"train": train.take(shuffled[5000:]), "val": train.take(shuffled[:5000])}
    return write_canvases(out / "canvases", {**garments, "test": test}, dict(sizes))


def train_default(
    annotations: Path, side: int, epochs: int, seed: int, **keys: Any
) -> tuple[float, float]:
    """Test mAP of polyhead's recipe, and its processor seconds of training.

    Args:
        annotations: Table with the columns image, tags and split.
        side: Of the pictures, in pixels.
        epochs: The one key of the recipe that is set.
        seed: Of the run.
        keys: Further keys of `train`, when a default is being chosen.
    """
    config = polyhead.Config.model_validate(
        {
            "data": {"annotations": str(annotations), "split": {"column": "split"}},
            "tasks": {"tags": {"type": "tags", "column": "tags"}},
            "model": {"image_size": side},
            "train": {"epochs": epochs, "seed": seed, "device": "cpu", **keys},
        }
    )
    reporter, started = Reporter(quiet=True), time.process_time()
    run = polyhead.train(config, runs=annotations.parent / "runs", reporter=reporter)
    seconds = time.process_time() - started
    result = polyhead.evaluate(run.path, reporter=reporter)
    return result["tasks"]["tags"]["metrics"]["mAP"]["value"], seconds


class Peer:
    """The hand-written loop, tuned for one set.

    Attributes:
        recipes: Those that are tried: all of the grid, and after the first seed its best two.
    """

    def __init__(self) -> None:
        self.recipes: Sequence[Recipe] = GRID

    def tune(self, annotations: Path, side: int, seconds: float, seed: int) -> tuple[float, Recipe]:
        """Test mAP of the best recipe by validation, and that recipe."""
        parts, labels = hand_written.read_parts(annotations, side)
        seen: dict[Recipe, tuple[float, float]] = {}
        for recipe in self.recipes:
            model = hand_written.train(parts["train"], recipe, seconds, seed)
            val, test = (
                hand_written.mean_average_precision(model, parts[part], labels)
                for part in ("val", "test")
            )
            print(f"  {recipe}: validation {val:.4f}, test {test:.4f}", flush=True)
            seen[recipe] = (val, test)
        self.recipes = sorted(seen, key=lambda recipe: seen[recipe], reverse=True)[:NUM_KEPT]
        return seen[self.recipes[0]][1], self.recipes[0]


def compare(
    name: str, annotations: Path, side: int, epochs: int, seed: int, peer: Peer
) -> tuple[float, float]:
    """Both test mAPs on one set."""
    ours, seconds = train_default(annotations, side, epochs, seed)
    theirs, chosen = peer.tune(annotations, side, seconds, seed)
    print(f"{name} seed {seed}: default {ours:.4f}, by hand {theirs:.4f} ({chosen}), ", end="")
    print(f"difference {ours - theirs:+.4f}, {seconds:.0f} s each", flush=True)
    return ours, theirs


def main() -> None:
    """Print each comparison and the means over seeds."""
    parser = argparse.ArgumentParser(description="The default recipe against a tuned loop.")
    parser.add_argument("--data", type=Path, help="folder of the Fashion-MNIST package")
    parser.add_argument("--sets", nargs="+", choices=("scenes", "canvases"), default=["scenes"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 1000, 3000])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--epochs", type=int, help="other than the default of each size")
    parser.add_argument("--num-test", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="300 pictures of 64 px, one seed")
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
            pairs, peer = [], Peer()
            for seed in range(arguments.seeds):
                with tempfile.TemporaryDirectory() as folder:
                    if name == "scenes":
                        table = write_street(Path(folder), sizes, seed)
                    else:
                        table = write_garment_canvases(Path(folder), sizes, arguments.data, seed)
                    pairs.append(
                        compare(f"{name} {num}", table, arguments.side, epochs, seed, peer)
                    )
            ours, theirs = (statistics.mean(column) for column in zip(*pairs, strict=True))
            print(f"{name} {num}: mean default {ours:.4f}, by hand {theirs:.4f}, ", end="")
            print(f"difference {ours - theirs:+.4f} over {len(pairs)} seeds", flush=True)


if __name__ == "__main__":
    main()

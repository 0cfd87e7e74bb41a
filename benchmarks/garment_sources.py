"""Do images without boxes help a network that also learns boxes? Garments from two sources.

    python benchmarks/garment_sources.py --data DIR [--fetch] [--train 960] [--epochs 4]

Canvases of 96 to 128 px show 1 to 4 garments of Fashion-MNIST. A CSV file has tags and count of
each; a COCO file has the boxes of every third training canvas and of all held-out ones. Two runs
of one config, through the public API:

- all: both files; two thirds of the training canvases are unknown to the boxes head.
- boxed third: the CSV file holds only the training canvases that have boxes, as for someone who
  leaves out what is not labelled completely.

Both take the same number of optimizer steps (the second has three times the epochs), and are
validated and tested on the same canvases, of other garments. The second shows each box three times
as often; the first has three times the tags and counts.

DIR is where Debian's package `dataset-fashion-mnist` was unpacked; see `fashion_mnist.py`.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from garments import (
    LABELS,
    NUM_VALIDATION,
    BoxedCanvas,
    Garments,
    draw_boxed_canvas,
    fetch,
    read_garments,
)
from PIL import Image

import polyhead

NUM_VAL, NUM_TEST, EVERY = 200, 600, 3
HEADER = ("image", "tags", "count", "split")
FIGURES = (("tags", "mAP"), ("objects", "AP50"), ("objects", "AP"), ("count", "MAE"))


@dataclass
class Sources:
    """The lines of both files while canvases are drawn.

    Attributes:
        out: The folder.
        rows: Of the CSV file, as `HEADER` names them.
        boxed: Names of the images that are in the COCO file.
        images: Of the COCO file.
        annotations: Of the COCO file.
    """

    out: Path
    rows: list[tuple[str, str, int, str]] = field(default_factory=list)
    boxed: set[str] = field(default_factory=set)
    images: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)

    def add(self, canvas: BoxedCanvas, part: str, *, has_boxes: bool) -> None:
        """Write one image and note what is told of it."""
        name = f"images/{len(self.rows):06d}.png"
        Image.fromarray(canvas.image).save(self.out / name, compress_level=1)
        tags = "|".join(LABELS[label] for label in sorted(set(canvas.labels)))
        self.rows.append((name, tags, len(canvas.labels), part))
        if has_boxes:
            self._add_boxes(name, canvas)

    def _add_boxes(self, name: str, canvas: BoxedCanvas) -> None:
        self.boxed.add(name)
        height, width = canvas.image.shape
        image = {"id": len(self.images) + 1, "file_name": name, "width": width, "height": height}
        self.images.append(image)
        for label, (x0, y0, x1, y1) in zip(canvas.labels, canvas.boxes_xyxy, strict=True):
            self.annotations.append(
                {
                    "id": len(self.annotations) + 1,
                    "image_id": image["id"],
                    "category_id": label + 1,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                    "iscrowd": 0,
                }
            )

    def write(self) -> None:
        """`objects.json`, `all.csv`, and `boxed.csv` without the images that have no boxes."""
        categories = [{"id": k, "name": label} for k, label in enumerate(LABELS, 1)]
        document = {"images": self.images, "annotations": self.annotations}
        (self.out / "objects.json").write_text(json.dumps({**document, "categories": categories}))
        for name, rows in {
            "all.csv": self.rows,
            "boxed.csv": [row for row in self.rows if row[0] in self.boxed],
        }.items():
            with (self.out / name).open("w", newline="") as file:
                csv.writer(file).writerows([HEADER, *rows])


def write_sources(out: Path, data: Path, num_train: int) -> None:
    """Draw the canvases of all parts; no garment is in two of them."""
    train, test = read_garments(data)
    held_out = np.arange(len(train.labels)) >= len(train.labels) - NUM_VALIDATION
    parts: dict[str, tuple[Garments, int]] = {
        "train": (train.take(np.flatnonzero(~held_out)), num_train),
        "val": (train.take(np.flatnonzero(held_out)), NUM_VAL),
        "test": (test, NUM_TEST),
    }
    (out / "images").mkdir(parents=True)
    generator, sources = np.random.default_rng(0), Sources(out)
    for part, (garments, num) in parts.items():
        for index in range(num):
            has_boxes = part != "train" or index % EVERY == 0
            sources.add(draw_boxed_canvas(garments, generator), part, has_boxes=has_boxes)
    sources.write()


def settings_for(out: Path, table: str, epochs: int) -> polyhead.Config:
    """The config of both runs; what is not named here is polyhead's default."""
    return polyhead.Config.model_validate(
        {
            "name": Path(table).stem,
            "data": {
                "annotations": [str(out / table), str(out / "objects.json")],
                "split": {"column": "split"},
            },
            "tasks": {
                "tags": {"type": "tags", "column": "tags"},
                "objects": {"type": "boxes"},
                "count": {"type": "number", "distribution": "poisson"},
            },
            "model": {"image_size": 96},
            "train": {"epochs": epochs, "device": "cpu"},
        }
    )


def train_and_test(title: str, config: polyhead.Config, out: Path) -> None:
    """Print the test figures of one run."""
    started = time.perf_counter()
    run = polyhead.train(config, runs=out / "runs")
    seconds = time.perf_counter() - started
    result = polyhead.evaluate(run.path)
    print(f"{title}: {config.train.epochs} epochs, {seconds:.0f} s; ", end="")
    print(f"{result['num_images']} test images")
    for task, metric in FIGURES:
        entry = result["tasks"][task]["metrics"][metric]
        interval = f"95 % interval {entry['low']:.4f} to {entry['high']:.4f}"
        print(f"  {task} {metric} {entry['value']:.4f} ({interval})", flush=True)


def main() -> None:
    """Train on all canvases and on the boxed third."""
    parser = argparse.ArgumentParser(description="Garments: boxes known for a third.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the unpacked package")
    parser.add_argument("--fetch", action="store_true", help="download the package into it first")
    parser.add_argument("--train", type=int, default=960, help="training canvases")
    parser.add_argument("--epochs", type=int, default=4, help="over all; three times on the third")
    arguments = parser.parse_args()
    if arguments.fetch:
        fetch(arguments.data)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        write_sources(out / "data", arguments.data, arguments.train)
        for title, table, epochs in (
            ("all", "all.csv", arguments.epochs),
            ("boxed third", "boxed.csv", EVERY * arguments.epochs),
        ):
            train_and_test(title, settings_for(out / "data", table, epochs), out)


if __name__ == "__main__":
    main()

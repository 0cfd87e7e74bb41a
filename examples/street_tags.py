"""Four ways to tag street scenes, side by side in one table.

    python examples/street_tags.py
    python examples/street_tags.py --scenes 2000 --side 128 --epochs 20 --fine-tune

The same rendered images, split and backbone for

- softmax: the recipe of many tutorials, categorical cross-entropy on the normalised tags;
- bce: one yes/no question a tag, the default;
- naive Bayes: Gaussians on the features of the backbone, fitted in one pass without gradients: the
  random field of the textbook whose labels know nothing of one another;
- pairwise: a random field whose labels attract and repel one another, learnt together with the
  head; its answer is the likeliest set of tags in which rain and snow exclude each other.

All figures are of test images that nothing was fitted on. `broken` counts test images that are
said to show both rain and snow, which no scene does; `seconds` are processor time of the training
call, checks and validation included. Only the public interface is used.
"""

from __future__ import annotations

import argparse
import csv
import math
import tempfile
import time
from pathlib import Path
from typing import Any

import polyhead
from polyhead.progress import Reporter
from polyhead.scenes import SceneOptions, write_scenes

RULES = {"exclusive": [["rain", "snow"]]}
METHODS: dict[str, dict[str, Any]] = {
    "softmax": {"loss": "softmax"},
    "bce": {"loss": "bce"},
    "naive Bayes": {"head": "naive_bayes"},
    "pairwise": {"loss": "bce", "field": "pairwise", "rules": RULES, "decoder": "map"},
}
FIGURES = ("mAP", "macro_F1", "subset_accuracy", "example_F1", "ECE")
COLUMNS = (*FIGURES, "log loss", "broken", "seconds")
SHARES = {"train": 0.6, "val": 0.2, "test": 0.2}
SMALLEST = 1e-7  # a probability of 0 that was wrong would cost without end

Truth = dict[Path, set[str]]
"""Test image to its tags."""


def write_street(folder: Path, num: int, side: int) -> tuple[Path, Truth]:
    """Render scenes; a table of their tags with a split, and what is true of the test images."""
    table = write_scenes(folder / "street", num, SceneOptions(size=side))
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    ends = {"train": SHARES["train"] * num, "val": (1 - SHARES["test"]) * num, "test": num}
    parts = [next(part for part, end in ends.items() if row < end) for row in range(num)]
    path = table.with_name("tags.csv")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "tags", "split"))
        writer.writerows((r["image"], r["tags"], p) for r, p in zip(rows, parts, strict=True))
    truth = {
        table.parent / row["image"]: set(row["tags"].split("|")) - {"[]"}
        for row, part in zip(rows, parts, strict=True)
        if part == "test"
    }
    return path, truth


def config_of(keys: dict[str, Any], table: Path, options: argparse.Namespace) -> polyhead.Config:
    """What one would write into a `polyhead.yaml`."""
    return polyhead.Config.model_validate(
        {
            "data": {"annotations": str(table), "split": {"column": "split"}},
            "tasks": {"contents": {"type": "tags", "column": "tags", **keys}},
            "model": {"image_size": options.side, "freeze": not options.fine_tune},
            "train": {"epochs": options.epochs, "device": options.device},
        }
    )


def figures_of(config: polyhead.Config, runs: Path, truth: Truth) -> dict[str, float]:
    """Train, evaluate, and ask for every test image."""
    quiet = Reporter(quiet=True)
    started = time.process_time()
    run = polyhead.train(config, runs=runs, reporter=quiet)
    seconds = time.process_time() - started
    metrics = polyhead.evaluate(run.path, reporter=quiet)["tasks"]["contents"]["metrics"]
    answers = polyhead.load(run.path).predict(list(truth))
    assert isinstance(answers, list)  # as many as were asked for
    tags = [answer.to_dict()["tasks"]["contents"] for answer in answers]
    pairs = list(zip(tags, truth.values(), strict=True))
    return {
        **{name: metrics[name]["value"] for name in FIGURES},
        "log loss": sum(log_loss(t["probabilities"], true) for t, true in pairs) / len(pairs),
        "broken": sum({"rain", "snow"} <= set(t["labels"]) for t in tags),
        "seconds": seconds,
    }


def log_loss(probabilities: dict[str, float], true: set[str]) -> float:
    """−log of the probability given to each tag's truth, in nats, a mean over tags."""
    given = (p if label in true else 1 - p for label, p in probabilities.items())
    return -sum(math.log(max(p, SMALLEST)) for p in given) / len(probabilities)


def row_of(name: str, figures: dict[str, float]) -> str:
    """One line of the table."""
    shown = (
        f"{figures[c]:.0f}" if c in ("broken", "seconds") else f"{figures[c]:.3f}" for c in COLUMNS
    )
    return f"{name:<12}" + "".join(
        f"{cell:>{len(c) + 3}}" for cell, c in zip(shown, COLUMNS, strict=True)
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Four ways to tag street scenes.")
    parser.add_argument("--scenes", type=int, default=600)
    parser.add_argument("--side", type=int, default=64, help="of the images, in pixels")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--fine-tune", action="store_true", help="the backbone learns too")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table, truth = write_street(Path(folder), options.scenes, options.side)
        print(f"{options.scenes} scenes of {options.side} px, {len(truth)} of them to test on\n")
        print(
            f"{'':<12}" + "".join(f"{column:>{len(column) + 3}}" for column in COLUMNS), flush=True
        )
        for name in options.methods:
            config = config_of(METHODS[name], table, options)
            print(row_of(name, figures_of(config, Path(folder) / "runs", truth)), flush=True)


if __name__ == "__main__":
    main()

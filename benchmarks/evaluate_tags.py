"""How fast and how lean is known-cell mAP against scikit-learn and TorchMetrics?

    OMP_NUM_THREADS=1 python benchmarks/evaluate_tags.py [--rows 100000] [--columns 1000]

mAP of random scores with one cell in ten unknown. The peers take some columns, the same cells, and
their seconds are scaled to all columns: both work column by column. TorchMetrics runs in exact mode
(`thresholds=None`) and leaves unknown cells out by `ignore_index`. Then mAP, all figures of a tags
task, and all with their intervals, each in a process of its own: seconds, and the peak of memory
beyond what was resident before the evaluation.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from polyhead.metrics import ScoredTags, average_precision, mean_average_precision, tags_entry

_MB = 2**20
_AT_ONCE = 5_000
PARTS = ("mAP", "figures", "intervals")  # the last: all figures of a tags task with intervals


def make(num_rows: int, num_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """(N, L) float32 scores and int8 targets: 3 % yes, 10 % unknown."""
    generator = np.random.default_rng(0)
    scores = np.empty((num_rows, num_columns), np.float32)
    targets = np.empty((num_rows, num_columns), np.int8)
    for start in range(0, num_rows, _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        shape = targets[rows].shape
        targets[rows] = generator.random(shape, dtype=np.float32) < 0.03
        scores[rows] = generator.random(shape, dtype=np.float32) + 0.3 * targets[rows]
        targets[rows][generator.random(shape, dtype=np.float32) < 0.1] = -1
    return scores, targets


def seconds(work: Callable[[], object]) -> float:
    """Of processor time: the machine may be shared."""
    start = time.process_time()
    work()
    return time.process_time() - start


def scikit_learn(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(L,) average precision over known cells."""
    from sklearn.metrics import average_precision_score

    return np.array(
        [
            average_precision_score(label[label >= 0], column[label >= 0])
            for column, label in zip(scores.T, targets.T, strict=True)
        ]
    )


def torchmetrics(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(L,) average precision over known cells."""
    import torch
    from torchmetrics.functional.classification import multilabel_average_precision

    truth = torch.from_numpy(targets.astype(np.int64))
    found = multilabel_average_precision(
        torch.from_numpy(scores), truth, scores.shape[1], average="none", ignore_index=-1
    )
    return found.numpy()


def highest_memory() -> float:
    """Most resident memory of this process so far, in MB (Linux).

    `getrusage` would tell the parent's, where that was higher.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def forget_peak() -> float:
    """Resident memory in MB, from which the highest is counted anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")
    return highest_memory()


def alone(what: str, num_rows: int, num_columns: int) -> None:
    """Print the seconds and the memory that an evaluation adds to what was resident before it."""
    scores, targets = make(num_rows, num_columns)
    table = (scores.nbytes + targets.nbytes) / _MB
    if what == "mAP":
        evaluate: Callable[[], object] = partial(mean_average_precision, scores, targets)
    else:
        np.clip(scores, 0, 1, out=scores)
        thresholds = np.full(num_columns, 0.5)
        classes = [str(place) for place in range(num_columns)]
        scored = ScoredTags(classes, scores, targets, thresholds)
        evaluate = partial(tags_entry, scored, intervals=what == "intervals")
    before = forget_peak()
    taken = seconds(evaluate)
    print(f"{what}: {taken:.1f} s, {highest_memory() - before:,.0f} MB beyond ", end="")
    print(f"what the process held ({before:,.0f} MB, of which the table {table:,.0f} MB)")


def main() -> None:
    """Print the seconds and their ratios, then memory from a process of its own."""
    parser = argparse.ArgumentParser(description="mAP of a large table.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=1000)
    parser.add_argument("--peer-columns", type=int, default=20)
    parser.add_argument("--only", choices=PARTS, help="only its seconds and peak")
    arguments = parser.parse_args()
    if arguments.only:
        alone(arguments.only, arguments.rows, arguments.columns)
        return
    scores, targets = make(arguments.rows, arguments.columns)
    few = min(arguments.peer_columns, arguments.columns)
    some = np.ascontiguousarray(scores[:, :few]), np.ascontiguousarray(targets[:, :few])
    ours = seconds(partial(mean_average_precision, scores, targets))
    print(f"{arguments.rows:,} images x {arguments.columns:,} labels: polyhead {ours:.2f} s")
    for peer in (scikit_learn, torchmetrics):
        peer(some[0][:, :2], some[1][:, :2])  # imports
        theirs = seconds(lambda peer=peer: peer(*some)) * arguments.columns / few
        apart = np.abs(peer(*some) - average_precision(*some)).max()
        print(f"{peer.__name__}: {theirs:.1f} s, scaled from {few} columns: ", end="")
        print(f"{theirs / ours:.1f}x ours; values differ by at most {apart:.1e}", flush=True)
    sizes = ["--rows", str(arguments.rows), "--columns", str(arguments.columns)]
    del scores, targets
    for part in PARTS:
        subprocess.run([sys.executable, __file__, "--only", part, *sizes], check=True)


if __name__ == "__main__":
    main()

"""VGG16 at 224 px, batch 8, head of 256 dense units: polyhead against Keras on tensorflow-cpu.

    python benchmarks/vgg16.py [--environment DIR] [--rounds 5]

Polyhead trains `backbone: vgg16` (from scratch) with `head: mlp` and cross-entropy by its own
Stepper: forward, loss, backward, clipping, AdamW. Keras trains `VGG16(weights=None,
include_top=False)`, global average pooling, Dense 256 with ReLU and Dense 10, compiled with
AdamW and `jit_compile`, through `train_on_batch`. Both get the same batch, channels last, and all
cores. Each side runs in a process of its own and they take turns; the figures are medians.
Tensorflow is installed into an environment of its own, kept in DIR.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

TENSORFLOW = "tensorflow-cpu==2.21.0"
SIDE, BATCH, NUM_CLASSES, HIDDEN, RATE = 224, 8, 10, 256, 1e-4


def time_polyhead(num_steps: int) -> float:
    """Images a second of polyhead's training step."""
    import numpy as np
    import torch

    from polyhead.config import Config
    from polyhead.losses import LabelCounts
    from polyhead.network import build_network
    from polyhead.objective import Objective
    from polyhead.structures import Batch
    from polyhead.tasks import ClassTask
    from polyhead.training.allocator import keep_freed_memory
    from polyhead.training.devices import build_accelerator
    from polyhead.training.optimizer import build_optimizer
    from polyhead.training.step import Stepper

    keep_freed_memory()
    config = Config.model_validate(
        {
            "data": {"annotations": "labels.csv"},
            "tasks": {"kind": {"type": "class", "column": "kind", "head": "mlp"}},
            "model": {"backbone": "vgg16", "pretrained": False, "image_size": SIDE},
        }
    )
    classes = [f"k{index}" for index in range(NUM_CLASSES)]
    tasks = {"kind": ClassTask.from_dict("kind", {"classes": classes})}
    counts = {"kind": LabelCounts(np.ones(NUM_CLASSES), np.full(NUM_CLASSES, NUM_CLASSES))}
    network = build_network(config, tasks, counts, pretrained=False).train()
    network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    accelerator = build_accelerator("cpu", "fp32")
    optimizer = build_optimizer(network, learning_rate=RATE, backbone_rate=1.0, weight_decay=0.01)
    model, optimizer = accelerator.prepare(network, optimizer)
    stepper = Stepper(
        accelerator, model, optimizer, Objective({"kind": network.loss("kind")}, {"kind": 1.0}), 5.0
    )
    batch = Batch(
        torch.randint(0, 256, (BATCH, 3, SIDE, SIDE), dtype=torch.uint8),
        {"kind": torch.arange(BATCH)},
        {"kind": torch.ones(BATCH, dtype=torch.bool)},
        torch.arange(BATCH),
    )
    return images_per_second(lambda: stepper([batch]), num_steps)


def time_keras(num_steps: int) -> float:
    """Images a second of the Keras step."""
    import keras  # pyright: ignore[reportMissingImports]
    import numpy as np

    body = keras.applications.VGG16(
        weights=None, include_top=False, input_shape=(SIDE, SIDE, 3), pooling="avg"
    )
    hidden = keras.layers.Dense(HIDDEN, activation="relu")(body.output)
    hidden = keras.layers.Dropout(0.2)(hidden)
    output = keras.layers.Dense(NUM_CLASSES)(hidden)
    model = keras.Model(body.input, output)
    model.compile(
        optimizer=keras.optimizers.AdamW(RATE, weight_decay=0.01, global_clipnorm=5.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=True,
    )
    generator = np.random.default_rng(0)
    images = generator.random((BATCH, SIDE, SIDE, 3), dtype=np.float32)
    labels = np.arange(BATCH)
    return images_per_second(lambda: model.train_on_batch(images, labels), num_steps)


def images_per_second(step: Callable[[], object], num_steps: int) -> float:
    """From the median wall time of a step, after two that warm up."""
    seconds = []
    for _ in range(num_steps + 2):
        started = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - started)
    return BATCH / statistics.median(seconds[2:])


def keras_python(folder: Path) -> Path:
    """The interpreter of an environment that has tensorflow; made when it is not there."""
    python = folder / "bin" / "python"
    marker = folder / TENSORFLOW
    if not marker.exists():
        print(f"installing {TENSORFLOW} into {folder}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", TENSORFLOW], check=True)
        marker.touch()
    return python


def measure(python: Path, side: str, num_steps: int) -> float:
    """One side's figure, from a process of its own."""
    command = [str(python), __file__, "--side", side, "--steps", str(num_steps)]
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=quiet)
    return float(done.stdout.split()[-1])


def main() -> None:
    """Print images a second of both and their ratio."""
    parser = argparse.ArgumentParser(description="VGG16: polyhead against Keras.")
    default = Path(tempfile.gettempdir()) / "polyhead-benchmark-keras"
    parser.add_argument("--environment", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--side", choices=("polyhead", "keras"), help="time one, in this process")
    arguments = parser.parse_args()
    if arguments.side:
        timed = {"polyhead": time_polyhead, "keras": time_keras}[arguments.side]
        print(timed(arguments.steps))
        return
    pythons = {"polyhead": Path(sys.executable), "keras": keras_python(arguments.environment)}
    speeds: dict[str, list[float]] = {"polyhead": [], "keras": []}
    for _ in range(arguments.rounds):
        for side, python in pythons.items():
            speeds[side].append(measure(python, side, arguments.steps))
            print(f"{side} {speeds[side][-1]:.2f} images/s", flush=True)
    ours, theirs = (statistics.median(speeds[side]) for side in pythons)
    print(f"VGG16, {SIDE} px, batch {BATCH}, dense {HIDDEN}: medians of {arguments.rounds}")
    print(f"polyhead {ours:.2f} images/s, Keras {theirs:.2f} images/s, {ours / theirs:.2f}×")


if __name__ == "__main__":
    main()

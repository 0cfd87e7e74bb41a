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


def time_polyhead(num_steps: int) -> tuple[float, float]:
    """Images a second of polyhead's training step."""
    from noise_images import first_batch, write_noise

    from polyhead.config import Config
    from polyhead.training.allocator import keep_freed_memory
    from polyhead.training.build import build_parts

    keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        table = write_noise(
            Path(folder), num=4 * BATCH, side=SIDE, num_tags=1, num_kinds=NUM_CLASSES
        )
        config = Config.model_validate(
            {
                "data": {"annotations": str(table), "cache": False},
                "tasks": {"kind": {"type": "class", "column": "kind", "head": "mlp"}},
                "model": {"backbone": "vgg16", "pretrained": False, "image_size": SIDE},
                "train": {"batch_size": BATCH, "device": "cpu", "precision": "fp32"},
            }
        )
        prepared, batch = first_batch(config)
        parts = build_parts(config, prepared, pretrained=False)
        parts.network.train()
        return images_per_second(lambda: parts.stepper([batch]), num_steps)


def time_keras(num_steps: int) -> tuple[float, float]:
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


def images_per_second(step: Callable[[], object], num_steps: int) -> tuple[float, float]:
    """By the clock, and by processor time, from the median step after two that warm up."""
    clock, processor = [], []
    for _ in range(num_steps + 2):
        started, before = time.perf_counter(), time.process_time()
        step()
        clock.append(time.perf_counter() - started)
        processor.append(time.process_time() - before)
    return BATCH / statistics.median(clock[2:]), BATCH / statistics.median(processor[2:])


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


def measure(python: Path, side: str, num_steps: int) -> tuple[float, float]:
    """One side's figures, from a process of its own."""
    command = [str(python), __file__, "--side", side, "--steps", str(num_steps)]
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=quiet)
    clock, processor = done.stdout.split()[-2:]
    return float(clock), float(processor)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="VGG16: polyhead against Keras.")
    default = Path(tempfile.gettempdir()) / "polyhead-benchmark-keras"
    parser.add_argument("--environment", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--side", choices=("polyhead", "keras"), help="time one, in this process")
    return parser.parse_args()


def main() -> None:
    """Print images a second of both and their ratio."""
    arguments = parse_arguments()
    if arguments.side:
        timed = {"polyhead": time_polyhead, "keras": time_keras}[arguments.side]
        print(*timed(arguments.steps))
        return
    pythons = {"polyhead": Path(sys.executable), "keras": keras_python(arguments.environment)}
    speeds: dict[str, list[tuple[float, float]]] = {side: [] for side in pythons}
    for _ in range(arguments.rounds):
        for side, python in pythons.items():
            speeds[side].append(measure(python, side, arguments.steps))
            clock, processor = speeds[side][-1]
            print(f"{side:9s} {clock:.2f} images/s; {processor:.2f} a processor second", flush=True)
    print(f"VGG16, {SIDE} px, batch {BATCH}, dense {HIDDEN}: medians of {arguments.rounds}")
    for column, unit in enumerate(("images/s", "images a processor second")):
        ours, theirs = (statistics.median(s[column] for s in speeds[side]) for side in pythons)
        print(f"polyhead {ours:.2f} {unit}, Keras {theirs:.2f}, {ours / theirs:.2f}×")


if __name__ == "__main__":
    main()

"""Runs that train in about a second: rendered scenes, a tiny backbone, every default else."""

import json
import os
import signal
import sys

from polyhead.checkpoints.weights import read_weights
from polyhead.config import load_config
from polyhead.files import sha256_of
from polyhead.progress import Reporter
from polyhead.scenes import SceneOptions, write_scenes

CONFIG = """\
name: tiny
data:
  images: {scenes}
  annotations: {scenes}/labels.csv
  split: {{val: 0.25, test: 0.3}}
  cache: false
tasks:
  contents: {{type: tags, column: tags}}
  daytime: {{type: class, column: daytime}}
model: {{backbone: test_resnet, pretrained: false, image_size: 32}}
train: {{epochs: 3, batch_size: 4}}
"""
NUM_SCENES = 36
POLYHEAD = [sys.executable, "-m", "polyhead"]
QUIET = Reporter(quiet=True)


def render(folder, num=NUM_SCENES, seed=0):
    """Scenes of 64 pixels with their table."""
    write_scenes(folder, num, SceneOptions(size=64, seed=seed))
    return folder


def write_config(path, scenes, text=CONFIG):
    path.write_text(text.format(scenes=scenes))
    return path


def tiny_config(scenes, *changes):
    """The config above, with `--set` changes."""
    path = scenes.parent / f"{scenes.name}.yaml"
    return load_config(write_config(path, scenes), changes)


def digests(run):
    """SHA-256 of everything that a run learnt."""
    # A kill may leave a half-removed `….tmp` beside the checkpoints, which nothing reads.
    newest = max(path for path in run.checkpoints.glob("step-*") if not path.suffix)
    names = ("model", "ema", "optimizer")
    return {
        "best": sha256_of(run.best_weights),
        "last": sha256_of(run.last_weights),
        "classes": sha256_of(run.classes),
        **{name: sha256_of(newest / f"{name}.safetensors") for name in names},
    }


def records(run):
    """What metrics.jsonl holds, but for the times."""
    lines = [json.loads(line) for line in run.metrics.read_text().splitlines()]
    return [
        {k: v for k, v in line.items() if k not in ("seconds", "pictures_per_second")}
        for line in lines
    ]


def weights(run, group="model"):
    """Tensors of the newest checkpoint."""
    # A kill may leave a half-removed `….tmp` beside the checkpoints, which nothing reads.
    newest = max(path for path in run.checkpoints.glob("step-*") if not path.suffix)
    return read_weights(newest / f"{group}.safetensors")[0]


def signal_before_step(patch, step, number=signal.SIGINT):
    """Send this process a signal when it begins the step of that number, from 1."""
    from polyhead.training.step import Stepper

    original, taken = Stepper.__call__, []

    def call(stepper, batches):
        taken.append(step)
        if len(taken) == step:
            os.kill(os.getpid(), number)
        return original(stepper, batches)

    patch.setattr(Stepper, "__call__", call)

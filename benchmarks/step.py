"""One training step through polyhead against a bare torch loop, on the same network and data.

Polyhead's side is everything that its loop does in a step besides loading: seeding, rates, the
objective over known cells, clipping, the report, the optimizer, averaged weights and progress. The
bare loop has forward, two losses, backward, clipping, fused AdamW and torch's own averaged model,
nothing else. The two alternate in one process, each on a network of its own, under the same
allocator setting; the ratio is the median over paired rounds.

    python benchmarks/step.py [--rounds 21]

The last rows show what the setting of `training/allocator.py` is worth: the bare loop in processes
of its own, with and without it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from polyhead.config import Config
from polyhead.network import build_network, count_labels
from polyhead.objective import Objective
from polyhead.preparation import prepare
from polyhead.progress import Reporter
from polyhead.runtime.run_folder import RunFolder
from polyhead.structures import Batch
from polyhead.training.allocator import keep_freed_memory
from polyhead.training.devices import build_accelerator
from polyhead.training.ema import ExponentialAverage
from polyhead.training.loading import Batches, in_order
from polyhead.training.optimizer import build_optimizer
from polyhead.training.order import EpochBatches
from polyhead.training.pictures import Collate, Pictures
from polyhead.training.state import Position
from polyhead.training.step import Stepper
from polyhead.training.trainer import Parts, Trainer

BACKBONES = ("tf_efficientnet_lite0", "resnet18")
SIDE, BATCH, NUM_TAGS, NUM_KINDS = 128, 32, 12, 3
Step = Callable[[], object]


class BareNetwork(nn.Module):
    """A timm model and two linear layers, as one would write it by hand."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.body: Any = timm.create_model(name, pretrained=False, num_classes=0)
        self.tags = nn.Linear(self.body.num_features, NUM_TAGS)
        self.kind = nn.Linear(self.body.num_features, NUM_KINDS)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Both logits of uint8 pictures."""
        pooled = self.body((images.float() - 127) / 128)
        return self.tags(pooled), self.kind(pooled)


def bare_step(name: str, batch: Batch) -> Step:
    """The hand-written loop's step."""
    network = BareNetwork(name).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), 1e-4, fused=True)
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.99), use_buffers=True)

    def step() -> float:
        images = batch.images.to(memory_format=torch.channels_last)
        tags, kind = network(images)
        loss = functional.binary_cross_entropy_with_logits(tags, batch.targets["tags"].float())
        loss = loss + functional.cross_entropy(kind, batch.targets["kind"].long())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        averaged.update_parameters(network)
        return loss.item()

    return step


def polyhead_step(config: Config, folder: Path) -> tuple[Step, Batch]:
    """Polyhead's step as its loop takes it, and the batch that it is taken on."""
    reporter = Reporter(quiet=True)
    prepared = prepare(config, reporter)
    counts = {n: count_labels(t.stratify(prepared.targets[n])) for n, t in prepared.tasks.items()}
    network = build_network(config, prepared.tasks, counts, pretrained=False)
    network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    accelerator = build_accelerator("cpu", "fp32")
    optimizer = build_optimizer(network, learning_rate=1e-4, backbone_rate=1.0, weight_decay=0.01)
    model, optimizer = accelerator.prepare(network, optimizer)
    objective = Objective({n: network.loss(n) for n in prepared.tasks}, {"tags": 1.0, "kind": 1.0})
    pictures = Pictures(prepared.table, prepared.targets, config.model.image_size)
    keys = in_order(range(BATCH), BATCH)
    batches = Batches(pictures, keys, Collate(prepared.tasks), workers=0, pin=False)
    parts = Parts(
        network=network,
        shadow=network,
        stepper=Stepper(accelerator, model, optimizer, objective, config.train.clip),
        average=ExponentialAverage(network, config.train.ema),
        order=EpochBatches(np.arange(BATCH * 1000), BATCH, 0),
        training=batches,
        validation=batches,
    )
    trainer = Trainer(config.train, prepared, parts, RunFolder(folder), reporter, {})
    batch, position = next(iter(batches)), Position()
    network.train()
    # The loop's own step: calling its parts one by one would leave out what it adds.
    return lambda: trainer._step(position, [batch], lambda _units, _note: None), batch


def write_pictures(folder: Path) -> Path:
    """Noise, a row of it for each of two batches, with tags and a kind."""
    generator = np.random.default_rng(0)
    lines = ["image,tags,kind"]
    for index in range(2 * BATCH):
        pixels = generator.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
        tags = "|".join(f"t{tag}" for tag in range(NUM_TAGS) if generator.random() < 0.5)
        lines.append(f"{index}.png,{tags or '[]'},k{index % NUM_KINDS}")
    path = folder / "labels.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def config_for(backbone: str, annotations: Path) -> Config:
    """Two heads at 128 px, batch 32."""
    return Config.model_validate(
        {
            "data": {"annotations": str(annotations), "cache": False},
            "tasks": {
                "tags": {"type": "tags", "column": "tags"},
                "kind": {"type": "class", "column": "kind"},
            },
            "model": {"backbone": backbone, "pretrained": False, "image_size": SIDE},
            "train": {"batch_size": BATCH},
        }
    )


def milliseconds(step: Step) -> float:
    """Processor time of one step, all threads together; what others do on the machine is out."""
    started = time.process_time()
    step()
    return 1000 * (time.process_time() - started)


def compare(backbone: str, annotations: Path, rounds: int) -> None:
    """Print one row of the comparison."""
    ours, batch = polyhead_step(config_for(backbone, annotations), annotations.parent)
    bare = bare_step(backbone, batch)
    pairs = []
    for turn in range(rounds + 3):
        order = (ours, bare) if turn % 2 else (bare, ours)
        times = {step: milliseconds(step) for step in order}
        pairs.append((times[ours], times[bare]))
    pairs = pairs[3:]  # the first steps warm up
    first, second = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{backbone:24s} polyhead {first:6.0f} ms, bare {second:6.0f} ms, ", end="")
    print(f"ratio {ratio:.3f} (median of {rounds} paired rounds)", flush=True)


def time_bare(backbone: str, annotations: Path, rounds: int) -> None:
    """Print the bare loop's milliseconds of wall time, in this process."""
    _, batch = polyhead_step(config_for(backbone, annotations), annotations.parent)
    step, seconds = bare_step(backbone, batch), []
    for _ in range(rounds):
        started = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - started)
    print(1000 * statistics.median(seconds[2:]))


def compare_allocator(backbone: str, annotations: Path, rounds: int) -> None:
    """Print what the allocator setting is worth, from processes that take turns."""
    seen: dict[str, list[float]] = {"kept": [], "default": []}
    for memory in ("kept", "default") * 3:
        command = [sys.executable, __file__, "--rounds", str(rounds), "--memory", memory]
        command += ["--bare", backbone, "--annotations", str(annotations)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seen[memory].append(float(done.stdout))
    kept, default = (statistics.median(seen[memory]) for memory in ("kept", "default"))
    print(f"{backbone:24s} freed memory kept {kept:.0f} ms, given back {default:.0f} ms: ", end="")
    print(f"{default / kept:.2f}× faster (medians of 3 processes, wall time)", flush=True)


def main() -> None:
    """Print the ratios, or one process's part of the allocator rows."""
    parser = argparse.ArgumentParser(description="A training step against a bare torch loop.")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--memory", choices=("kept", "default"), default="kept")
    parser.add_argument("--bare", help="time only the bare loop on this backbone")
    parser.add_argument("--annotations", type=Path, help="for --bare")
    arguments = parser.parse_args()
    if arguments.memory == "kept":
        keep_freed_memory()
    if arguments.bare:
        time_bare(arguments.bare, arguments.annotations, arguments.rounds)
        return
    with tempfile.TemporaryDirectory() as folder:
        annotations = write_pictures(Path(folder))
        for backbone in BACKBONES:
            compare(backbone, annotations, arguments.rounds)
        for backbone in BACKBONES:
            compare_allocator(backbone, annotations, arguments.rounds)


if __name__ == "__main__":
    main()

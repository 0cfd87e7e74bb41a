"""One training step through polyhead against a bare torch loop, on the same network and data.

Polyhead's side is everything that its loop does in a step besides loading: seeding, rates, the
objective over known cells, clipping, the report, the optimizer, averaged weights and progress. The
bare loop has forward, two losses, backward, clipping, fused AdamW and torch's own averaged model,
nothing else. The two alternate in one process, each on a network of its own, under the same
allocator setting; the ratio is the median over paired rounds.

    python benchmarks/step.py [--rounds 21]

Times are processor time, all threads together, so that other work on the machine is left out.
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

import timm
import torch
from noise_images import first_batch, write_noise
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from polyhead.config import Config
from polyhead.loading import Batch
from polyhead.progress import Reporter
from polyhead.runtime.run_folder import RunFolder
from polyhead.training.allocator import keep_freed_memory
from polyhead.training.build import build_parts
from polyhead.training.state import Position
from polyhead.training.trainer import Trainer

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
        """Both logits of uint8 images."""
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
    prepared, batch = first_batch(config)
    parts = build_parts(config, prepared, pretrained=False)
    run, reporter = RunFolder(folder), Reporter(quiet=True)
    trainer, position = Trainer(config.train, prepared, parts, run, reporter, {}), Position()
    parts.network.train()
    # The loop's own step: calling its parts one by one would leave out what it adds.
    return lambda: trainer._step(position, [batch], lambda _units, _note: None), batch


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
            "train": {"batch_size": BATCH, "epochs": 1000, "device": "cpu", "precision": "fp32"},
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
    """Print the bare loop's milliseconds, in this process."""
    _, batch = first_batch(config_for(backbone, annotations))
    step = bare_step(backbone, batch)
    print(statistics.median([milliseconds(step) for _ in range(rounds)][2:]))


def compare_allocator(backbone: str, annotations: Path) -> None:
    """Print what the allocator setting is worth, from processes that take turns."""
    seen: dict[str, list[float]] = {"kept": [], "default": []}
    for memory in ("kept", "default") * 3:
        command = [sys.executable, __file__, "--rounds", "9", "--memory", memory]
        command += ["--bare", backbone, "--annotations", str(annotations)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seen[memory].append(float(done.stdout))
    kept, default = (statistics.median(seen[memory]) for memory in ("kept", "default"))
    print(f"{backbone:24s} freed memory kept {kept:.0f} ms, given back {default:.0f} ms: ", end="")
    print(f"{default / kept:.2f}× faster (medians of 3 processes)", flush=True)


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
        annotations = write_noise(
            Path(folder), num=2 * BATCH, side=SIDE, num_tags=NUM_TAGS, num_kinds=NUM_KINDS
        )
        for backbone in BACKBONES:
            compare(backbone, annotations, arguments.rounds)
        for backbone in BACKBONES:
            compare_allocator(backbone, annotations)


if __name__ == "__main__":
    main()

"""What heads for tags cost in a training step, in one run.

Steps of tf_efficientnet_lite0 with one head each: network, binary cross-entropy, backward,
clipping, AdamW and averaged weights. CSRA stands against the linear head, ML-Decoder with 1,000 and
10,000 labels against itself with 100; heads take turns and the ratio is the median over paired
rounds. Where other work makes steps uneven, the milliseconds of the heads by themselves say more.
Naive Bayes is fitted to the images of one epoch, with what the backbone's pass takes of it.

    OMP_NUM_THREADS=1 python benchmarks/head_cost.py [--rounds 7]

Times are processor time, so that other work on the machine is left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from polyhead.backbones import Backbone
from polyhead.heads import Csra, Head, Linear, MlDecoder, NaiveBayes
from polyhead.loading import Batch
from polyhead.losses import (
    Bce,
)
from polyhead.network import Network
from polyhead.network.layout import lay_out
from polyhead.objective import Objective
from polyhead.tasks import LabelCounts
from polyhead.training.allocator import keep_freed_memory
from polyhead.training.ema import ExponentialAverage
from polyhead.training.optimizer import build_optimizer
from polyhead.training.step import Stepper

BACKBONE, NUM_LABELS = "tf_efficientnet_lite0", 80
SIZES = {160: 16, 448: 2}  # pixels to images of a batch
NUM_FITTED = 256
Step = Callable[[], object]
MakeHead = Callable[[int], Head]


def network_with(make: MakeHead, num_labels: int, side: int) -> Network:
    """The backbone with one tags head, laid out as training lays it out."""
    backbone = Backbone(BACKBONE, pretrained=False, image_size=(side, side), strides=[])
    counts = LabelCounts(np.full(num_labels, 10.0), np.full(num_labels, 100.0))
    network = Network(backbone, {"tags": make(backbone.num_features)}, {"tags": Bce(counts)})
    lay_out(network)
    return network.train()


def step_with(make: MakeHead, num_labels: int, side: int) -> Step:
    """One training step on a batch of noise."""
    network = network_with(make, num_labels, side)
    optimizer = build_optimizer(network, learning_rate=1e-4, backbone_rate=1.0, weight_decay=0.05)
    objective = Objective({"tags": network.loss("tags")}, {"tags": 1.0})
    stepper = Stepper(Accelerator(cpu=True), network, optimizer, objective, 5.0)
    average = ExponentialAverage(network, 0.99)
    batch = Batch(
        images=noise(SIZES[side], side),
        targets={"tags": (torch.rand(SIZES[side], num_labels) < 0.1).to(torch.int8)},
        known={"tags": torch.ones(SIZES[side], num_labels, dtype=torch.bool)},
        rows=torch.arange(SIZES[side]),
    )

    def step() -> None:
        stepper([batch])
        average.update(network)

    return step


def noise(num: int, side: int) -> Tensor:
    """Images."""
    return torch.randint(256, (num, 3, side, side), dtype=torch.uint8)


def milliseconds(step: Step) -> float:
    """Processor time of one call."""
    started = time.process_time()
    step()
    return 1000 * (time.process_time() - started)


def compare(steps: Mapping[str, Step], rounds: int) -> None:
    """Print each one's median and its ratio to the first, over rounds in turning order."""
    names = list(steps)
    seen: list[dict[str, float]] = []
    for turn in range(rounds + 2):
        order = names[turn % len(names) :] + names[: turn % len(names)]
        seen.append({name: milliseconds(steps[name]) for name in order})
    seen = seen[2:]  # the first steps warm up
    for name in names:
        median = statistics.median(times[name] for times in seen)
        ratio = statistics.median(times[name] / times[names[0]] for times in seen)
        print(f"  {name:28s} {median:7.0f} ms  {ratio:.3f}", flush=True)


def alone(make: MakeHead, side: int) -> float:
    """Milliseconds that a head's forward and backward take by themselves, the best of twenty."""
    network = network_with(make, NUM_LABELS, side)
    with torch.no_grad():
        features = network.backbone(noise(SIZES[side], side)).final
    features.requires_grad_()
    head = network.head("tags")
    return min(milliseconds(lambda: head(features).sum().backward()) for _ in range(20))


def fit_naive_bayes(side: int) -> None:
    """Print the seconds of one pass, and what the head takes of them."""
    network = network_with(lambda d: NaiveBayes(d, NUM_LABELS), NUM_LABELS, side).eval()
    head = network.head("tags")
    assert isinstance(head, NaiveBayes)
    images = noise(SIZES[side], side)
    targets = torch.randint(2, (SIZES[side], NUM_LABELS))
    known = torch.ones_like(targets, dtype=torch.bool)
    seconds = {"backbone": 0.0, "head": 0.0}
    for _ in range(NUM_FITTED // SIZES[side]):
        started = time.process_time()
        with torch.inference_mode():
            features = network.backbone(images).final
        passed = time.process_time()
        head.observe(features, targets, known)
        seconds["backbone"] += passed - started
        seconds["head"] += time.process_time() - passed
    started = time.process_time()
    head.fit()
    seconds["head"] += time.process_time() - started
    print(
        f"naive Bayes, {NUM_FITTED} images of {side} px, {NUM_LABELS} labels: "
        f"{sum(seconds.values()):.2f} s, of which the head {seconds['head']:.3f} s"
    )


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description="What heads cost in a training step.")
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    keep_freed_memory()
    torch.manual_seed(0)
    for side, batch in SIZES.items():
        print(f"{side} px, batches of {batch}, {NUM_LABELS} labels; ratio to linear")
        makers: dict[str, MakeHead] = {
            "linear": lambda d: Linear(d, NUM_LABELS),
            "csra": lambda d: Csra(d, NUM_LABELS),
            "csra, 4 heads": lambda d: Csra(d, NUM_LABELS, num_heads=4),
        }
        steps = {name: step_with(make, NUM_LABELS, side) for name, make in makers.items()}
        compare(steps, rounds)
        shown = ", ".join(f"{name} {alone(make, side):.1f}" for name, make in makers.items())
        print(f"  heads by themselves, ms: {shown}", flush=True)
    side = min(SIZES)
    print(f"{side} px, batches of {SIZES[side]}; ratio to 100 labels")
    numbers = (100, 1_000, 10_000)
    decoders = {
        f"ml_decoder, {n:,} labels": step_with(lambda d, n=n: MlDecoder(d, n), n, side)
        for n in numbers
    }
    compare(decoders, rounds)
    fit_naive_bayes(side)


if __name__ == "__main__":
    main()

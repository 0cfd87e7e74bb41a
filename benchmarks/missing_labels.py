"""Tags of which 0 to 90 % are missing: which strategy comes nearest to labels that are complete?

    OMP_NUM_THREADS=1 python benchmarks/missing_labels.py

Street scenes of 96 px go through the packaged tf_efficientnet_lite0 once: 100 principal components
of its pooled features stay fixed. On them a linear head learns from labels that `hide_labels` has
thinned out, by AdamW over the whole training part at each step, in the same way with every
strategy; figures are of test scenes whose labels are all known, means over seeds of what is hidden.
Patterns: `random`, each cell alike; `per_class`, at rates that differ as widely as they can;
`single_positive`, such a share of the images has one yes and nothing else, at 100 % every one.

`expected_positive` is told how many labels an image really has on average. `hill` and `splc` are
for unknown cells that stand as no, so `unknown: negative` goes with them. The error of calibration
is that of probabilities as the loss's inverse link tells them, without a calibration on validation,
which would inherit the gaps of its labels.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from torch import Tensor

from polyhead.backbones import Backbone
from polyhead.heads import HEADS, Head
from polyhead.losses import (
    LOSSES,
    TagsLoss,
)
from polyhead.losses.tags.unknown import UNKNOWN, PartialTags
from polyhead.metrics import expected_calibration_error, mean_average_precision
from polyhead.registry import Component, construct
from polyhead.scenes import hide_labels, render_scene
from polyhead.tasks import LabelCounts

SIDE, CHUNK = 96, 50
SHARES = {
    "random": (0.3, 0.6, 0.9),
    "per_class": (0.3, 0.6, 0.9),
    "single_positive": (0.3, 0.6, 0.9, 1.0),
}
STRATEGIES = {
    "ignore": ("bce", "ignore"),
    "negative": ("bce", "negative"),
    "expected_positive": ("bce", "expected_positive"),
    "em": ("bce", "em"),
    "hill": ("hill", "negative"),
    "splc": ("splc", "negative"),
}
NUM_COMPONENTS = 100
STEPS, RATE, DECAY = 40, 0.03, 0.1

Part = tuple[Tensor, np.ndarray]
"""(N, D, 1, 1) features and (N, L) int8 true tags."""


def street_features(num: int) -> tuple[Tensor, np.ndarray]:
    """(num, D) pooled features of scenes, and their (num, L) int8 true tags."""
    backbone = Backbone("tf_efficientnet_lite0", pretrained=True, image_size=(SIDE, SIDE)).eval()
    features, labels = [], []
    for first in range(0, num, CHUNK):
        scenes = [render_scene(index, size=SIDE) for index in range(first, min(first + CHUNK, num))]
        images = torch.from_numpy(np.stack([scene.image for scene in scenes]))
        with torch.no_grad():
            features.append(backbone(images.permute(0, 3, 1, 2)).final.mean((2, 3)))
        labels += [list(scene.tags.values()) for scene in scenes]
    return torch.cat(features), np.array(labels, np.int8)


def divide(features: Tensor, labels: np.ndarray, num_train: int) -> tuple[Part, Part]:
    """Training and test part, their features as components of the training part's."""
    mean, spread = features[:num_train].mean(0), features[:num_train].std(0)
    centred = (features - mean) / (spread + 1e-6)
    directions = torch.linalg.svd(centred[:num_train], full_matrices=False)[2][:NUM_COMPONENTS]
    components = centred @ directions.T
    maps = (components / components[:num_train].std())[:, :, None, None]
    return (maps[:num_train], labels[:num_train]), (maps[num_train:], labels[num_train:])


def build_loss(strategy: str, labels: np.ndarray, num_positive: float) -> TagsLoss:
    """The strategy's loss, told of labels of 1, 0 and -1 what a config would have it told."""
    loss, unknown = STRATEGIES[strategy]
    known = labels >= 0
    counts = LabelCounts((labels == 1).sum(0), known.sum(0), int(known.any(1).sum()))
    told = {"num_positive": num_positive} if unknown == "expected_positive" else {}
    rule = construct("unknown", UNKNOWN, Component(name=unknown, **told), counts)
    chosen = construct("loss", LOSSES, Component(name=loss), rule.counts())
    assert isinstance(chosen, TagsLoss)
    return PartialTags(chosen, rule)


def fit(loss: TagsLoss, features: Tensor, labels: np.ndarray, seed: int) -> Head:
    """A linear head after `STEPS` steps over all images, its rate falling to 0."""
    torch.manual_seed(seed)
    head = construct("head", HEADS, Component(name="linear"), features.shape[1], labels.shape[1])
    head.start_at(loss.initial_logits())
    optimizer = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    targets, known = torch.from_numpy(labels), torch.from_numpy(labels >= 0)
    for step in range(STEPS):
        loss.set_progress(step / STEPS)
        found = loss(head(features), targets, known) / loss.num_terms(targets, known)
        optimizer.zero_grad()
        found.backward()
        optimizer.step()
        schedule.step()
    return head.eval()


def score(head: Head, loss: TagsLoss, test: Part) -> tuple[float, float]:
    """mAP, and the expected calibration error over all cells; NaN for a loss that only ranks."""
    with torch.no_grad():
        dense = loss.dense(head(test[0]))
    ranked = mean_average_precision(dense["logits"].numpy(), test[1]).value
    if not loss.has_link:
        return ranked, float("nan")
    return ranked, float(expected_calibration_error(dense["probabilities"].numpy(), test[1]))


def compare(pattern: str, share: float, train: Part, test: Part, seeds: int) -> np.ndarray:
    """(strategies, 2) mAP and calibration error, means over seeds with the same hidden labels."""
    found = np.zeros((seeds, len(STRATEGIES), 2))
    num_positive = float(train[1].sum(1).mean())
    for seed in range(seeds):
        labels = hide_labels(train[1], share, pattern, np.random.default_rng(seed))
        for place, name in enumerate(STRATEGIES):
            loss = build_loss(name, labels, num_positive)
            found[seed, place] = score(fit(loss, train[0], labels, seed), loss, test)
    return found.mean(0)


def show(pattern: str, share: float, found: np.ndarray) -> None:
    """One row: mAP and calibration error of each strategy."""
    cells = [f"{m:.3f} {'  -  ' if np.isnan(e) else format(e, '.3f')}" for m, e in found.tolist()]
    print(f"{pattern:<16}{share:>5.0%}  " + "".join(f"{cell:>19}" for cell in cells), flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Strategies for labels that are missing.")
    parser.add_argument("--train", type=int, default=1000, help="images to learn from")
    parser.add_argument("--test", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started = time.monotonic()
    features, labels = street_features(arguments.train + arguments.test)
    train, test = divide(features, labels, arguments.train)
    print(f"{len(features)} scenes rendered and seen in {time.monotonic() - started:.0f} s")
    print("test mAP and calibration error (ECE)\n")
    print(f"{'labels missing':<23}" + "".join(f"{name:>19}" for name in STRATEGIES))
    show("none", 0.0, compare("random", 0.0, train, test, arguments.seeds))
    for pattern, shares in SHARES.items():
        for share in shares:
            show(pattern, share, compare(pattern, share, train, test, arguments.seeds))
    print(f"\n{time.monotonic() - started:.0f} s in all")


if __name__ == "__main__":
    main()

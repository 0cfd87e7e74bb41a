"""What the outputs of losses of tags mean: calibration before and after the inverse link.

A linear model is true here: 20 labels, P(y_c = 1 | x) = σ(w_c·x + b_c) of 16 numbers, rare labels
and frequent ones. A logistic layer is trained on 40,000 images with each loss until it stands
still, and read on 20,000 others: the expected calibration error (15 bins, all cells) of σ(z) and of
the probabilities of the loss's inverse link, which sees no validation data; labels per image and
share of wrong cells when a label is given at .5. Bayes gives labels by the true P.

    OMP_NUM_THREADS=1 python benchmarks/inverse_link.py
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from polyhead.losses import (
    LOSSES,
    TagsLoss,
)
from polyhead.tasks import LabelCounts

NUM_LABELS, NUM_FEATURES = 20, 16
NUM_TRAIN, NUM_TEST = 40_000, 20_000
STEPS, BATCH, RATE = 600, 2_000, 0.1
BINS = 15
ROWS: list[tuple[str, dict[str, float | bool]]] = [
    ("bce", {}),
    ("bce", {"pos_weight": 5.0}),
    ("focal", {}),
    ("asymmetric", {}),
    ("asymmetric", {"detach": False}),
    ("asymmetric", {"gamma_neg": 7.0}),
    ("hill", {}),
]


def sample(num_rows: int, generator: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Features, labels and their true probabilities."""
    fixed = np.random.default_rng(0)
    weights = fixed.normal(0, 1.2 / NUM_FEATURES**0.5, (NUM_FEATURES, NUM_LABELS))
    bias = fixed.uniform(-4, 0, NUM_LABELS)
    features = generator.normal(size=(num_rows, NUM_FEATURES))
    shares = 1 / (1 + np.exp(-(features @ weights * 1.5 + bias)))
    labels = generator.random(shares.shape) < shares
    return torch.tensor(features).float(), torch.tensor(labels).float(), torch.tensor(shares)


def trained(loss: TagsLoss, features: Tensor, labels: Tensor) -> torch.nn.Linear:
    """A logistic layer, its rate falling to 0 along a cosine."""
    layer = torch.nn.Linear(NUM_FEATURES, NUM_LABELS)
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.copy_(loss.initial_logits())
    optimizer = torch.optim.Adam(layer.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    generator = torch.Generator().manual_seed(0)
    known = torch.ones(BATCH, NUM_LABELS, dtype=torch.bool)
    for _ in range(STEPS):
        rows = torch.randint(len(features), (BATCH,), generator=generator)
        targets = labels[rows]
        value = loss(layer(features[rows]), targets, known) / loss.num_terms(targets, known)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
    return layer


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean over cells of |mean probability − share of yes| of their bin."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1).ravel()
    sums = np.bincount(bins, (probabilities - labels).ravel(), BINS)
    return float(np.abs(sums).sum() / bins.size)


def main() -> None:
    """Print one row a loss."""
    torch.set_num_threads(1)
    generator = np.random.default_rng(1)
    features, labels, _ = sample(NUM_TRAIN, generator)
    seen, held_out, truth = sample(NUM_TEST, generator)
    counts = LabelCounts(labels.sum(0).numpy(), np.full(NUM_LABELS, float(NUM_TRAIN)), NUM_TRAIN)
    answers, best = held_out.numpy() > 0.5, truth.numpy() > 0.5
    print(f"{NUM_LABELS} labels, {NUM_TRAIN:,} images to learn from, {NUM_TEST:,} others to test")
    print(f"labels per image {answers.sum(1).mean():.2f}; Bayes gives {best.sum(1).mean():.2f} ")
    print(f"and has {(best != answers).mean():.4f} of the cells wrong; figures: σ(z) → link")
    print(f"{'loss':<34}{'ECE':>17}{'labels at .5':>17}{'wrong cells':>19}{'seconds':>9}")
    for name, options in ROWS:
        started = time.process_time()
        loss = LOSSES[name](counts, **options)
        assert isinstance(loss, TagsLoss)
        layer = trained(loss, features, labels)
        with torch.no_grad():
            logits = layer(seen)
            both = [torch.sigmoid(logits).numpy(), loss.link(logits).numpy()]
        errors = [calibration_error(p, answers) for p in both]
        numbers = [(p > 0.5).sum(1).mean() for p in both]
        wrong = [((p > 0.5) != answers).mean() for p in both]
        title = ", ".join([name, *(f"{key} {value}" for key, value in options.items())])
        seconds = time.process_time() - started
        print(
            f"{title:<34}{errors[0]:>8.4f} → {errors[1]:.4f}{numbers[0]:>8.2f} → {numbers[1]:>6.2f}"
            f"{wrong[0]:>10.4f} → {wrong[1]:.4f}{seconds:>9.1f}"
        )


if __name__ == "__main__":
    main()

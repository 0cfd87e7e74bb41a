"""What a sampler does to probabilities, and what undoing the sampled prior mends.

    OMP_NUM_THREADS=1 python benchmarks/sampler.py [--seeds 5] [--rows 3000]

A linear head on 24 features, fitted until it converges, tested on 20,000 others. Class task: ten
classes, the commonest of 40 %, the rarest of 1 %. Tags task: twelve labels of 30 to 1 %. Each
without a sampler, with `class_aware` and with `repeat_factor`, the sampled prior left in and
undone, before any calibration on validation: accuracy, ECE and log loss of classes, ECE and log
loss of tags; means over seeds.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from torch.nn import functional

from polyhead.loading.sampler import class_aware_factors, repeat_factors
from polyhead.losses import Bce, CrossEntropy
from polyhead.metrics import expected_calibration_error, log_loss, tags_log_loss
from polyhead.metrics.calibration.calibration import top_label
from polyhead.metrics.calibration.reliability import label_bins
from polyhead.tasks import LabelCounts

NUM_FEATURES, NUM_TEST = 24, 20_000
SHARES = np.geomspace(0.4, 0.01, 10) / np.geomspace(0.4, 0.01, 10).sum()
PREVALENCES = np.geomspace(0.3, 0.01, 12)
SAMPLERS = {
    "none": lambda labels: np.ones(len(labels)),
    "class_aware": class_aware_factors,
    "repeat_factor": lambda labels: repeat_factors(labels, 0.1),
}


def drawn(kind: str, generator: np.random.Generator, num: int) -> tuple[np.ndarray, np.ndarray]:
    """Features, and the (N, C) yes or no of each class or label."""
    if kind == "class":
        labels = np.eye(len(SHARES), dtype=np.int8)[generator.choice(len(SHARES), num, p=SHARES)]
    else:
        labels = (generator.random((num, len(PREVALENCES))) < PREVALENCES).astype(np.int8)
    centres = np.random.default_rng(7).normal(size=(labels.shape[1], NUM_FEATURES)) * 0.6
    return labels @ centres + generator.normal(size=(num, NUM_FEATURES)), labels


def fitted(
    kind: str, features: np.ndarray, labels: np.ndarray, expected: np.ndarray
) -> torch.Tensor:
    """(F + 1, C) weights of the least mean loss over what a sampler shows."""
    inputs = with_one(features)
    weights = torch.zeros(inputs.shape[1], labels.shape[1], dtype=torch.float64, requires_grad=True)
    truth, shown = torch.from_numpy(labels).double(), torch.from_numpy(expected)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        logits = inputs @ weights
        if kind == "class":
            rows = -(truth * torch.log_softmax(logits, 1)).sum(1)
        else:
            rows = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none").sum(
                1
            )
        cost = (rows * shown).sum() / shown.sum() + 1e-4 * weights.square().sum()
        cost.backward()
        return cost

    optimizer.step(closure)
    return weights.detach()


def with_one(features: np.ndarray) -> torch.Tensor:
    """The features and a constant."""
    return torch.from_numpy(np.column_stack([features, np.ones(len(features))]))


def figures(
    kind: str,
    logits: torch.Tensor,
    labels: np.ndarray,
    trained: np.ndarray,
    expected: np.ndarray,
) -> list[float]:
    """Accuracy, ECE and log loss of classes; ECE and log loss of tags.

    Args:
        kind: The task type.
        logits: On fresh rows.
        labels: Of the fresh rows.
        trained: Labels of the training rows.
        expected: Showings of the training rows that the link undoes.
    """
    counts = LabelCounts(np.zeros(labels.shape[1]), np.zeros(labels.shape[1]))
    loss = CrossEntropy(counts) if kind == "class" else Bce(counts)
    loss.undo_sampling(trained, expected)
    probabilities = loss.dense(logits.float())["probabilities"].numpy()
    if kind == "class":
        targets = labels.argmax(1)
        accuracy = float((probabilities.argmax(1) == targets).mean())
        ece = float(expected_calibration_error(*top_label(probabilities, targets)))
        return [accuracy, ece, float(log_loss(probabilities, targets, np.ones(len(targets))))]
    ece = float(label_bins(probabilities, labels).calibration_error)
    return [ece, float(tags_log_loss(probabilities, labels, np.ones(len(labels))))]


def main() -> None:
    """Print a row for each task type and sampler."""
    parser = argparse.ArgumentParser(description="Probabilities under a sampler.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=3000)
    options = parser.parse_args()
    for kind, names in (("class", "accuracy, ECE, log loss"), ("tags", "ECE, log loss")):
        for name, factors in SAMPLERS.items():
            found = []
            for seed in range(options.seeds):
                generator = np.random.default_rng(seed)
                features, labels = drawn(kind, generator, options.rows)
                expected = factors(labels)
                weights = fitted(kind, features, labels, expected)
                fresh, truth = drawn(kind, generator, NUM_TEST)
                logits = with_one(fresh) @ weights
                found.append(
                    [
                        figures(kind, logits, truth, labels, shown)
                        for shown in (np.ones(len(labels)), expected)
                    ]
                )
            left, undone = np.mean(found, axis=0)
            text = " / ".join(f"{a:.4f} → {b:.4f}" for a, b in zip(left, undone, strict=True))
            print(f"{kind}, {name}: {names}: {text}", flush=True)


if __name__ == "__main__":
    main()

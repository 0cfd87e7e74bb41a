"""Random logits, targets and known cells for a loss of labels or numbers."""

import numpy as np
import torch

from polyhead.losses import LOSSES, Loss
from polyhead.registry import Component, construct
from polyhead.tasks.statistics import LabelCounts, NumberStatistics

NUM_CLASSES = 5
COUNTS = LabelCounts(np.array([40.0, 5.0, 20.0, 1.0, 34.0]), np.full(NUM_CLASSES, 100.0))
NOTHING = LabelCounts(0 * COUNTS.positive, 0 * COUNTS.known)
NUMBERS = NumberStatistics(mean=3.0, std=2.0)
UNTOLD = NumberStatistics(mean=0.0, std=1.0)
OPTIONS = {
    "bce": ({}, {"pos_weight": 3.0}, {"pos_weight": "auto"}),
    "cross_entropy": ({}, {"label_smoothing": 0.2}, {"class_weights": "auto"}),
    "softmax": ({},),
    "focal": ({}, {"gamma": 0.5, "alpha": 0.5}),
    "asymmetric": (
        {},
        {"detach": False},
        {"margin": 0.0},
        {"margin": 0.0, "detach": False, "gamma_pos": 1.0},
        {"gamma_neg": 0.5, "gamma_pos": 0.5, "detach": False},
    ),
    "hill": ({}, {"margin": 0.0}),
    "splc": ({}, {"after": 0.0}),
    "distribution_balanced": ({}, {"negative_scale": 5.0, "midpoint": 0.3}),
    "class_balanced": ({}, {"beta": 0.9}),
    "huber": ({}, {"delta": 0.5}),
    "normal": ({}, {"beta": 0.0}, {"beta": 1.0}),
}
SPATIAL = ("boxes", "mask")
EVERY_LOSS = [
    (name, options)
    for name, loss in LOSSES.items()
    if loss.task_type not in SPATIAL
    for options in OPTIONS.get(name, ({},))
]
EVERY_LABEL_LOSS = [
    (name, options) for name, options in EVERY_LOSS if LOSSES[name].task_type != "number"
]


def build(name: str, options: dict, counts: LabelCounts = COUNTS, *, is_told: bool = True) -> Loss:
    """The loss; one not told of the training part is as before weights are loaded."""
    component = Component.model_validate({"name": name, **options})
    if LOSSES[name].task_type == "number":
        return construct("loss", LOSSES, component, NUMBERS if is_told else UNTOLD)
    return construct("loss", LOSSES, component, counts if is_told else NOTHING)


def cells(loss: Loss, num_rows: int = 12, share_known: float = 0.7, seed: int = 0):
    """Logits that want gradients, targets, known."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(num_rows, len(loss.initial_logits()), generator=generator)
    shape = (num_rows, NUM_CLASSES) if loss.task_type == "tags" else (num_rows,)
    most = 2 if loss.task_type == "tags" else NUM_CLASSES
    targets = torch.randint(most, shape, generator=generator, dtype=torch.int8)
    known = torch.rand(shape, generator=generator) < share_known
    return logits.requires_grad_(), targets, known


def gradient(loss: Loss, logits, targets, known) -> torch.Tensor:
    leaf = logits.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(loss(leaf, targets, known), leaf)
    return found

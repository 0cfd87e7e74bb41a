"""What does the label field learn of scenes whose joint distribution is known?

Tags of street scenes from `street_distribution`, with the evidence of images simulated: of each
tag a number x_i ~ N(y_i, 1), so that p(y | x) is a pairwise field with the planted couplings and
the log-odds u_i + x_i − ½, which enumeration solves. Heads are logistic layers over x, trained
with cross-entropy (no field), or jointly with the field by pseudo-likelihood or exactly. Printed:
couplings found against those planted, and on other images the joint log-likelihood, how often
the likeliest set is right, and the log loss of the remaining labels once k of the 12 are told.

    OMP_NUM_THREADS=1 python benchmarks/field_learning.py [--train 4000]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch

from polyhead.field import PairwiseField, Rules
from polyhead.losses import (
    Bce,
    Pairwise,
)
from polyhead.losses.tags.tags_loss import TagsLoss
from polyhead.scenes import street_distribution
from polyhead.scenes.distribution import EXCLUSIVE
from polyhead.tasks import LabelCounts

STREET = street_distribution()
LABELS = STREET.labels
RULES = Rules.of(LABELS, exclusive=EXCLUSIVE)
PLANTED = np.where(np.isinf(STREET.pairwise), 0, STREET.pairwise)
NUM_TEST = 3000
EPOCHS, BATCH, RATE = 40, 250, 0.02
TOLD = (0, 1, 2, 3, 4)

Model = tuple[PairwiseField, np.ndarray]  # a field, and (N, L) log-odds of the test images


def sample(num: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Evidence x and labels y, (num, L) each."""
    labels = STREET.sample(generator, num)
    return labels + generator.normal(size=labels.shape), labels.astype(np.int8)


def true_model(evidence: np.ndarray) -> Model:
    """The planted field; W_ij y_i y_j is its form with μ = 0."""
    field = PairwiseField(PLANTED, np.zeros(len(LABELS)), RULES)
    return field, STREET.unary + evidence - 0.5


def learn(
    loss: TagsLoss, evidence: np.ndarray, labels: np.ndarray, told: torch.Tensor | None = None
) -> torch.nn.Linear:
    """A logistic layer and what the loss learns, their rate falling to 0 along a cosine."""
    head = torch.nn.Linear(evidence.shape[1], labels.shape[1])
    x, y = torch.from_numpy(evidence).float(), torch.from_numpy(labels)
    optimizer = torch.optim.Adam([*head.parameters(), *loss.parameters()], lr=RATE)
    steps = EPOCHS * (len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    known = torch.ones(BATCH, labels.shape[1], dtype=torch.bool)
    for _ in range(steps):
        rows = torch.randint(len(x), (BATCH,))
        seen = known if told is None else told[rows]
        value = loss(head(x[rows]), y[rows], seen) / loss.num_terms(y[rows], seen)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
    return head


def log_odds(loss: TagsLoss, head: torch.nn.Linear, evidence: np.ndarray) -> np.ndarray:
    """What the trained head says of other images."""
    with torch.no_grad():
        return loss.log_odds(head(torch.from_numpy(evidence).float())).double().numpy()


def show_couplings(name: str, field: PairwiseField, seconds: float) -> None:
    """Found against planted, over the pairs that no rule joins."""
    free = np.triu(np.isfinite(STREET.pairwise), 1)
    found, planted = field.couplings[free], PLANTED[free]
    error = np.abs(found - planted)
    print(
        f"{name:<20} couplings: error mean {error.mean():.3f}, max {error.max():.3f}, "
        f"correlation {np.corrcoef(found, planted)[0, 1]:.3f}; {seconds:.1f} s of training"
    )


def loss_when_told(model: Model, labels: np.ndarray, num_told: int) -> float:
    """Log loss in nats a label of those not told; the same labels are told to every model."""
    field, unaries = model
    order = np.random.default_rng(num_told).random(labels.shape).argsort(1)
    told = np.where(order < num_told, labels, -1).astype(np.int8)
    shares = np.clip(field.marginals(unaries, told), 1e-12, 1 - 1e-12)
    losses = -np.log(np.where(labels == 1, shares, 1 - shares))
    return float(losses[told < 0].mean())


def show_answers(models: dict[str, Model], labels: np.ndarray) -> None:
    """One row a model."""
    heads = "".join(f"{f'{k} told':>9}" for k in TOLD)
    print(f"\n{'on other images':<20}{'joint ln p':>12}{'set right':>11}{heads}")
    for name, (field, unaries) in models.items():
        joint = field.log_likelihood(unaries, labels).mean()
        right = (field.mode(unaries) == labels).all(1).mean()
        losses = (loss_when_told((field, unaries), labels, k) for k in TOLD)
        cells = "".join(f"{loss:>9.4f}" for loss in losses)
        print(f"{name:<20}{joint:>12.3f}{right:>11.3f}{cells}", flush=True)


def show_partly_labelled() -> None:
    """Six labels of slope 1.5 that one feature moves, nine pairs coupled by 1; 60 % unknown."""
    size, (seed, fresh) = 6, (0, 1)
    couplings = np.add.outer(np.arange(size), np.arange(size)) % 2.0
    truth = PairwiseField(couplings, np.full(size, 0.4))
    states = (np.arange(2**size)[:, None] >> np.arange(size)) & 1

    def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng(seed)
        feature = generator.normal(size=(NUM_TEST, 1))
        unaries = np.tile(1.5 * feature - 0.5, (1, size))
        logs = [truth.log_likelihood(unaries, np.tile(s, (NUM_TEST, 1))) for s in states]
        chosen = (np.array(logs).T + generator.gumbel(size=(NUM_TEST, len(states)))).argmax(1)
        return feature, states[chosen].astype(np.int8)

    (feature, labels), (other, answers) = drawn(seed), drawn(fresh)
    told = torch.rand(labels.shape, generator=torch.Generator().manual_seed(0)) < 0.4
    seen = told.numpy()
    counts = LabelCounts((labels * seen).sum(0, dtype=float), seen.sum(0, dtype=float))
    for objective in ("pseudo", "exact"):
        torch.manual_seed(0)
        loss = Pairwise(Bce(counts), counts, Rules(), objective=objective)
        head = learn(loss, feature, labels, told)
        field = loss.field(Rules())
        found = field.log_likelihood(log_odds(loss, head, other), answers).mean()
        best = truth.log_likelihood(np.tile(1.5 * other - 0.5, (1, size)), answers).mean()
        print(
            f"60 % unknown, {objective:<7} slope {head.weight.detach().mean().item():.2f} (1.5), "
            f"W {field.couplings[couplings == 1].mean():.2f} (1), joint ln p {found:.3f} "
            f"({best:.3f} by the truth)"
        )


def main() -> None:
    """Train the three, print both tables."""
    parser = argparse.ArgumentParser(description="Couplings and answers of a learnt field.")
    parser.add_argument("--train", type=int, default=4000, help="training images")
    generator = np.random.default_rng(0)
    evidence, labels = sample(parser.parse_args().train, generator)
    other, truth = sample(NUM_TEST, generator)
    counts = LabelCounts(labels.sum(0, dtype=float), np.full(len(LABELS), float(len(labels))))
    torch.manual_seed(0)
    plain = Bce(counts)
    unaries = log_odds(plain, learn(plain, evidence, labels), other)
    size = len(LABELS)
    models = {
        "no field": (PairwiseField.independent(size), unaries),
        "no field, rules": (PairwiseField.independent(size, RULES), unaries),
    }
    for objective in ("pseudo", "exact"):
        start = time.process_time()
        loss = Pairwise(Bce(counts), counts, RULES, objective=objective)
        head = learn(loss, evidence, labels)
        field = loss.field(RULES)
        show_couplings(f"field, {objective}", field, time.process_time() - start)
        models[f"field, {objective}"] = (field, log_odds(loss, head, other))
    show_answers({**models, "truth": true_model(other)}, truth)
    show_partly_labelled()


if __name__ == "__main__":
    main()

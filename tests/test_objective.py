"""The objective: losses of one image, summed over tasks."""

import pytest
import torch
from torch.nn import functional

from polyhead.losses import (
    Bce,
    CrossEntropy,
    Softmax,
)
from polyhead.objective import Coverage, Objective, StepTotals
from polyhead.tasks import LabelCounts

L, K, B = 4, 3, 10


def counts_of(num_classes: int) -> LabelCounts:
    positive = torch.arange(1.0, 1 + num_classes).numpy()
    return LabelCounts(positive, positive + 5)


LOSSES = {
    "tags": Bce(counts_of(L)),
    "class": CrossEntropy(counts_of(K), class_weights="auto"),
    "shares": Softmax(counts_of(L)),
}
WEIGHTS = {"tags": 1.0, "class": 0.5, "shares": 2.0}
WIDTHS = {"tags": L, "class": K, "shares": L}


def batch(seed: int = 0, num_rows: int = B):
    generator = torch.Generator().manual_seed(seed)
    logits = {
        name: torch.randn(num_rows, width, generator=generator).requires_grad_()
        for name, width in WIDTHS.items()
    }
    shapes = {name: (num_rows,) if name == "class" else (num_rows, L) for name in LOSSES}
    targets = {
        name: torch.randint(K if name == "class" else 2, shape, generator=generator)
        for name, shape in shapes.items()
    }
    known = {name: torch.rand(shape, generator=generator) < 0.6 for name, shape in shapes.items()}
    return logits, targets, known


def part(tensors, rows):
    return {name: tensor[rows] for name, tensor in tensors.items()}


def totals(objective, targets, known, **counts):
    found = objective.totals(targets, known)
    summed = {name: float(part[0]) for name, part in found.items()} | counts
    return StepTotals(len(known["class"]), summed, {n: t[1:].float() for n, t in found.items()})


def call(objective, logits, targets, known):
    return objective(logits, targets, known, totals(objective, targets, known))


def test_each_loss_is_that_of_one_image_and_the_sum_is_weighted():
    objective = Objective(LOSSES, WEIGHTS)
    logits, targets, known = batch()
    total, report = call(objective, logits, targets, known)
    k = known["tags"]
    tags = functional.binary_cross_entropy_with_logits(
        logits["tags"][k], targets["tags"][k].float()
    )
    k = known["class"]
    one = functional.cross_entropy(
        logits["class"][k], targets["class"][k], weight=LOSSES["class"].weight
    )
    torch.testing.assert_close(report["tags"], L * tags.detach())
    torch.testing.assert_close(report["class"], one.detach())
    torch.testing.assert_close(total, sum(WEIGHTS[name] * report[name] for name in LOSSES))
    assert total.requires_grad
    assert not any(value.requires_grad for value in report.values())


def test_the_tags_of_an_image_cost_the_sum_over_its_labels():
    objective = Objective({"tags": LOSSES["tags"]}, {"tags": 1.0}, {"tags": Coverage(L, 1.0)})
    logits, targets, _ = batch()
    known = {"tags": torch.ones(B, L, dtype=torch.bool)}
    step = StepTotals(B, {"tags": float(B * L)}, {})
    total, report = objective(logits, targets, known, step)
    cells = functional.binary_cross_entropy_with_logits(
        logits["tags"], targets["tags"].float(), reduction="none"
    )
    torch.testing.assert_close(total, cells.sum(1).mean())
    torch.testing.assert_close(report["tags"], total.detach())


def test_what_one_image_moves_does_not_hang_on_what_is_known_in_the_others():
    coverage = {"class": Coverage(0.2, 0.2)}
    objective = Objective({"class": CrossEntropy(counts_of(K))}, {"class": 1.0}, coverage)
    logits, targets, known = batch()
    slopes = []
    for num_known in (1, 3, B):
        known["class"] = torch.arange(B) < num_known
        total, _ = call(objective, logits, targets, known)
        slopes.append(torch.autograd.grad(total, logits["class"])[0][0])
    torch.testing.assert_close(slopes[0], slopes[1])
    torch.testing.assert_close(slopes[0], slopes[2])
    plain = functional.softmax(logits["class"][0], 0).detach()
    plain[targets["class"][0]] -= 1
    # Its share of the batch is 1 / B; a fifth of the images are known: √5 louder, not five times.
    torch.testing.assert_close(slopes[0], plain / B * 5**0.5)


def test_the_noise_of_a_task_does_not_depend_on_how_many_images_are_known():
    generator = torch.Generator().manual_seed(0)
    spreads = []
    for share in (1.0, 0.05):
        coverage = {"class": Coverage(share, share)}
        objective = Objective({"class": CrossEntropy(counts_of(2))}, {"class": 1.0}, coverage)
        sums = []
        for _ in range(1500):
            logits = {"class": torch.zeros(16, 2, requires_grad=True)}
            targets = {"class": torch.randint(2, (16,), generator=generator)}
            known = {"class": torch.rand(16, generator=generator) < share}
            if known["class"].any():
                total, _ = call(objective, logits, targets, known)
                total.backward()
                sums.append(logits["class"].grad.sum(0)[0])
            else:
                sums.append(torch.zeros(()))
        spreads.append(torch.stack(sums).std())
    assert spreads[1] / spreads[0] == pytest.approx(1, abs=0.1)


def test_batches_that_share_their_totals_add_up_to_one():
    objective = Objective(LOSSES, WEIGHTS)
    logits, targets, known = batch()
    step = totals(objective, targets, known)
    whole, report = objective(logits, targets, known, step)
    whole.backward()
    gradients = {name: z.grad for name, z in logits.items()}
    for z in logits.values():
        z.grad = None
    halves = [slice(0, 3), slice(3, None)]
    summed = [objective.totals(part(targets, h), part(known, h)) for h in halves]
    for name in LOSSES:
        assert sum(float(c[name][0]) for c in summed) == pytest.approx(step.counts[name])
    parts = []
    for h in halves:
        total, half = objective(part(logits, h), part(targets, h), part(known, h), step)
        total.backward()
        parts.append(half)
    for name, z in logits.items():
        torch.testing.assert_close(z.grad, gradients[name], rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(parts[0][name] + parts[1][name], report[name])


def test_a_task_with_nothing_known_is_absent_not_zero():
    objective = Objective(LOSSES, WEIGHTS)
    logits, targets, known = batch()
    known["class"][:] = False
    total, report = call(objective, logits, targets, known)
    total.backward()
    assert set(report) == {"tags", "shares"}
    assert logits["class"].grad is None
    assert logits["tags"].grad is not None


def test_a_task_known_only_in_another_batch_of_the_step_is_zero_here():
    objective = Objective(LOSSES, WEIGHTS)
    logits, targets, known = batch()
    known["class"][:] = False
    step = totals(objective, targets, known, **{"class": 4.0})
    _, report = objective(logits, targets, known, step)
    assert report["class"] == 0


def test_nothing_known_at_all_wants_no_gradient():
    objective = Objective(LOSSES, WEIGHTS)
    logits, targets, known = batch()
    for mask in known.values():
        mask[:] = False
    total, report = call(objective, logits, targets, known)
    assert total == 0
    assert not total.requires_grad
    assert report == {}


def test_a_factor_of_a_task_scales_its_gradient_alone():
    logits, targets, known = batch()
    found = []
    for weights in (WEIGHTS, WEIGHTS | {"class": 1.5}):
        objective = Objective(LOSSES, weights)
        total, report = call(objective, logits, targets, known)
        found.append((torch.autograd.grad(total, list(logits.values())), report))
    (one, first), (other, second) = found
    assert first == second
    torch.testing.assert_close(3 * one[1], other[1])
    assert torch.equal(one[0], other[0])

"""The objective: means over what is known, summed over tasks."""

import pytest
import torch
from torch.nn import functional

from polyhead.losses import Bce, CrossEntropy, LabelCounts, Softmax
from polyhead.objective import Objective

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


def floats(counts):
    return {name: float(count) for name, count in counts.items()}


def test_each_loss_is_a_mean_over_its_known_cells_and_the_sum_is_weighted():
    objective = Objective(LOSSES, WEIGHTS)
    logits, targets, known = batch()
    total, report = objective(logits, targets, known, floats(objective.counts(targets, known)))
    k = known["tags"]
    tags = functional.binary_cross_entropy_with_logits(
        logits["tags"][k], targets["tags"][k].float()
    )
    k = known["class"]
    one = functional.cross_entropy(
        logits["class"][k], targets["class"][k], weight=LOSSES["class"].weight
    )
    torch.testing.assert_close(report["tags"], tags.detach())
    torch.testing.assert_close(report["class"], one.detach())
    torch.testing.assert_close(total, sum(WEIGHTS[name] * report[name] for name in LOSSES))
    assert total.requires_grad
    assert not any(value.requires_grad for value in report.values())


def test_batches_that_share_their_counts_add_up_to_one():
    objective = Objective(LOSSES, WEIGHTS)
    logits, targets, known = batch()
    counts = floats(objective.counts(targets, known))
    whole, report = objective(logits, targets, known, counts)
    whole.backward()
    gradients = {name: z.grad for name, z in logits.items()}
    for z in logits.values():
        z.grad = None
    halves = [slice(0, 3), slice(3, None)]
    summed = [objective.counts(part(targets, h), part(known, h)) for h in halves]
    for name in LOSSES:
        assert sum(float(c[name]) for c in summed) == pytest.approx(counts[name])
    parts = []
    for h in halves:
        total, half = objective(part(logits, h), part(targets, h), part(known, h), counts)
        total.backward()
        parts.append(half)
    for name, z in logits.items():
        torch.testing.assert_close(z.grad, gradients[name], rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(parts[0][name] + parts[1][name], report[name])


def test_a_task_with_nothing_known_is_absent_not_zero():
    objective = Objective(LOSSES, WEIGHTS)
    logits, targets, known = batch()
    known["class"][:] = False
    total, report = objective(logits, targets, known, floats(objective.counts(targets, known)))
    total.backward()
    assert set(report) == {"tags", "shares"}
    assert logits["class"].grad is None
    assert logits["tags"].grad is not None


def test_a_task_known_only_in_another_batch_of_the_step_is_zero_here():
    objective = Objective(LOSSES, WEIGHTS)
    logits, targets, known = batch()
    known["class"][:] = False
    counts = floats(objective.counts(targets, known)) | {"class": 4.0}
    _, report = objective(logits, targets, known, counts)
    assert report["class"] == 0


def test_nothing_known_at_all_wants_no_gradient():
    objective = Objective(LOSSES, WEIGHTS)
    logits, targets, known = batch()
    for mask in known.values():
        mask[:] = False
    total, report = objective(logits, targets, known, floats(objective.counts(targets, known)))
    assert total == 0
    assert not total.requires_grad
    assert report == {}


def test_a_factor_of_a_task_scales_its_gradient_alone():
    logits, targets, known = batch()
    found = []
    for weights in (WEIGHTS, WEIGHTS | {"class": 1.5}):
        objective = Objective(LOSSES, weights)
        total, report = objective(logits, targets, known, floats(objective.counts(targets, known)))
        found.append((torch.autograd.grad(total, list(logits.values())), report))
    (one, first), (other, second) = found
    assert first == second
    torch.testing.assert_close(3 * one[1], other[1])
    assert torch.equal(one[0], other[0])

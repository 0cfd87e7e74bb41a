"""The loss of the mask head against torch and a plain dice."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from polyhead.losses import Segmentation
from polyhead.tasks.statistics import LabelCounts

COUNTS = LabelCounts(np.array([80.0, 19.0, 1.0, 0.0]), np.full(4, 100.0))
K = 4


def cells(num_images: int = 3, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(num_images, K, 5, 6, generator=generator).requires_grad_()
    targets = torch.randint(3, (num_images, 17, 23), generator=generator, dtype=torch.uint8)
    known = torch.rand(num_images, 17, 23, generator=generator) < 0.8
    return logits, torch.where(known, targets, 255), known


def test_the_value_is_cross_entropy_and_dice_over_known_pixels():
    loss, (logits, targets, known) = Segmentation(COUNTS), cells()
    targets = torch.where((targets == 1) & (torch.arange(3) == 0)[:, None, None], 0, targets)
    z = functional.interpolate(logits, (17, 23), mode="bilinear", align_corners=False)
    weight = torch.bincount(targets[known].long(), minlength=K).clamp_min(1).rsqrt()
    entropy = functional.cross_entropy(z, targets.long(), weight, ignore_index=255)
    shares, scores = z.softmax(1), {}
    for image in range(3):
        for label in range(K):
            p = shares[image, label][known[image]]
            y = (targets[image] == label)[known[image]].float()
            if y.any():
                score = 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)
                scores.setdefault(label, []).append(score)
    assert {label: len(found) for label, found in scores.items()} == {0: 3, 1: 2, 2: 3}
    expected = entropy + torch.stack([torch.stack(s).mean() for s in scores.values()]).mean()
    assert loss.num_terms(targets, known) == 3
    torch.testing.assert_close(loss(logits, targets, known) / 3, expected)


def test_a_perfect_mask_costs_nothing():
    loss = Segmentation(COUNTS)
    targets = torch.zeros(1, 8, 8, dtype=torch.uint8)
    targets[:, :, 4:] = 2
    logits = 200 * functional.one_hot(targets.long(), K).movedim(-1, 1).float()
    assert loss(logits, targets, targets < 255).item() == pytest.approx(0, abs=1e-3)


def test_a_rare_class_weighs_as_much_as_a_common_one_in_the_dice():
    loss = Segmentation(COUNTS)
    targets = torch.zeros(1, 32, 32, dtype=torch.uint8)
    targets[:, 0, :4] = 1
    right = 200 * functional.one_hot(targets.long(), K).movedim(-1, 1).float()
    blind = 200 * functional.one_hot(torch.zeros_like(targets).long(), K).movedim(-1, 1).float()
    dice = [loss(z, targets, targets < 255) for z in (right, blind)]
    weight = torch.tensor([1020**-0.5, 4**-0.5, 1.0, 1.0])
    entropy = [functional.cross_entropy(z, targets.long(), weight) for z in (right, blind)]
    assert (dice[1] - entropy[1]) - (dice[0] - entropy[0]) == pytest.approx(0.4, abs=0.01)


def test_an_image_that_nobody_annotated_teaches_nothing():
    loss, (logits, targets, known) = Segmentation(COUNTS), cells()
    known[1] = False
    value = loss(logits, targets, known)
    (slopes,) = torch.autograd.grad(value, logits)
    assert (slopes[1] == 0).all()
    others = torch.tensor([0, 2])
    torch.testing.assert_close(loss(logits[others], targets[others], known[others]), value)


def test_logits_far_from_known_pixels_are_not_moved():
    loss, (logits, targets, known) = Segmentation(COUNTS), cells(1)
    known[:, :, 8:] = False
    (slopes,) = torch.autograd.grad(loss(logits, targets, known), logits)
    assert (slopes[..., 3:] == 0).all()
    assert slopes[..., :2].abs().sum() > 0


def test_training_starts_from_the_class_shares():
    start = Segmentation(COUNTS).initial_logits()
    expected = torch.from_numpy(COUNTS.prior / COUNTS.prior.sum()).float()
    torch.testing.assert_close(start.softmax(0), expected)


def test_dense_are_logits_in_full_precision():
    logits, _, _ = cells()
    dense = Segmentation(COUNTS).dense(logits.bfloat16())
    assert dense["logits"].dtype == torch.float32
    assert dense["logits"].shape == logits.shape

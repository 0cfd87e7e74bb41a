"""Batches of one step are really one larger batch: the same gradient, for every loss."""

from __future__ import annotations

import copy
import os
import socket

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from torch import distributed, multiprocessing, nn

from polyhead.field import Rules
from polyhead.loading import Batch
from polyhead.losses import (
    LOSSES,
    Bce,
    Loss,
    Pairwise,
    Softmax,
)
from polyhead.losses.tags.unknown import ExpectedPositive, PartialTags
from polyhead.objective import Coverage, Objective
from polyhead.registry import Component, construct
from polyhead.tasks import LabelCounts, NumberStatistics
from polyhead.training.step import Stepper

K, SIDE, NUM_IMAGES = 4, 16, 28
COUNTS = LabelCounts(np.array([40.0, 20.0, 30.0, 10.0]), np.full(K, 100.0))


def every_loss():
    """Each loss by its name, and what is put around losses of tags."""
    found = {}
    for name, loss in LOSSES.items():
        told = NumberStatistics(3.0, 2.0) if loss.task_type == "number" else COUNTS
        found[name] = construct("loss", LOSSES, Component(name=name), told)
    found["expected_positive"] = PartialTags(Bce(COUNTS), ExpectedPositive(COUNTS))
    found["field"] = Pairwise(Bce(COUNTS), COUNTS, Rules())
    found["field_over_softmax"] = Pairwise(Softmax(COUNTS), COUNTS, Rules())
    return found


NAMES = list(every_loss())


class Model(nn.Module):
    """One convolution, and outputs of the shape that a loss reads."""

    def __init__(self, loss: Loss) -> None:
        super().__init__()
        self.task_type = task_type = loss.task_type
        self.num_outputs = len(loss.initial_logits())
        self.backbone = nn.Conv2d(3, K, 3, padding=1)
        self.sides = nn.Conv2d(3, 4, 3, padding=1) if task_type == "boxes" else None
        steps = torch.arange(SIDE) + 0.5
        points = torch.cartesian_prod(steps, steps).flip(1)
        self.register_buffer("points", points)

    def forward(self, images):
        x = images.float() / 255
        maps = self.backbone(x)
        if self.sides is not None:
            sides = 4 * torch.sigmoid(self.sides(x)).flatten(2).transpose(1, 2)
            boxes = [self.points - sides[..., :2], self.points + sides[..., 2:]]
            strides = torch.ones(len(self.points))
            found = {"points": self.points, "strides": strides, "extent": torch.full((4,), SIDE)}
            logits = maps.flatten(2).transpose(1, 2)
            return {"task": found | {"logits": logits, "boxes": torch.cat(boxes, -1)}}
        return {
            "task": maps
            if self.task_type == "mask"
            else 3 * maps.amax((2, 3))[:, : self.num_outputs]
        }


def images_and_targets(task_type: str):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (NUM_IMAGES, 3, SIDE, SIDE), generator=generator).byte()
    known = torch.rand(NUM_IMAGES, generator=generator) < 0.7
    if task_type == "boxes":
        corners = SIDE * torch.rand(NUM_IMAGES, 3, 2, 2, generator=generator)
        labels = torch.randint(-1, K, (NUM_IMAGES, 3, 1), generator=generator)
        boxes = corners.sort(2).values.flatten(2)
        targets = torch.cat([boxes, labels.float(), torch.zeros_like(labels).float()], -1)
        return images, targets, known[:, None].expand(-1, K)
    if task_type == "mask":
        targets = torch.randint(K, (NUM_IMAGES, SIDE, SIDE), generator=generator)
        # Classes are shared out unevenly, so that batches differ in what they show.
        targets = torch.where(torch.arange(NUM_IMAGES)[:, None, None] % 4 == 0, 0, targets)
        return images, targets, known[:, None, None].expand_as(targets)
    if task_type == "tags":
        targets = torch.randint(2, (NUM_IMAGES, K), generator=generator)
        return images, targets, torch.rand(NUM_IMAGES, K, generator=generator) < 0.7
    targets = torch.randint(K, (NUM_IMAGES,), generator=generator)
    return images, targets.float() if task_type == "number" else targets, known


def gradient(loss, model, batches) -> torch.Tensor:
    """Of one step over the batches, taken with a rate of 1 and no momentum."""
    before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    objective = Objective({"task": loss}, {"task": 1.0}, {"task": Coverage(0.7, 0.7)})
    accelerator = Accelerator(cpu=True)
    stepper = Stepper(accelerator, accelerator.prepare(model), optimizer, objective, 1e9)
    assert stepper(batches).taken
    return before - nn.utils.parameters_to_vector(model.parameters()).detach()


def split(images, targets, known, size: int) -> list[Batch]:
    rows = torch.arange(len(images)).split(size)
    return [Batch(images[r], {"task": targets[r]}, {"task": known[r]}, r) for r in rows]


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("name", NAMES)
def test_seven_batches_of_four_are_one_of_twenty_eight(name, share):
    torch.manual_seed(0)
    loss = every_loss()[name]
    loss.set_progress(share)
    model, data = Model(loss), images_and_targets(loss.task_type)
    whole = gradient(loss, copy.deepcopy(model), split(*data, NUM_IMAGES))
    parts = gradient(loss, copy.deepcopy(model), split(*data, 4))
    assert whole.norm() > 0
    assert (whole - parts).norm() / whole.norm() < 1e-5


def test_the_first_of_two_passes_leaves_no_trace():
    loss = every_loss()["two_way"]
    model = nn.Sequential(nn.Conv2d(3, K, 3), nn.BatchNorm2d(K), nn.Dropout(0.5))

    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, images):
            return {"task": self.model(images.float()).amax((2, 3))}

    batches, network = split(*images_and_targets("tags"), 14), Wrapped()
    alone = copy.deepcopy(network)
    torch.manual_seed(1)
    for batch in batches:
        alone(batch.images)
    after = torch.rand(3)
    torch.manual_seed(1)
    gradient(loss, network, batches)
    assert torch.equal(torch.rand(3), after)
    for ours, theirs in zip(network.buffers(), alone.buffers(), strict=True):
        torch.testing.assert_close(ours, theirs)


def _work(rank: int, name: str, port: int, path: str) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)}
    torch.set_num_threads(1)
    torch.manual_seed(0)
    loss = every_loss()[name]
    data = images_and_targets(loss.task_type)
    # Uneven parts: 20 images for the first process, 8 for the second.
    own = tuple(t[:20] if rank == 0 else t[20:] for t in data)
    found = gradient(loss, Model(loss), split(*own, 10 if rank == 0 else 4))
    if rank == 0:
        torch.save(found, path)
    distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bce", "detection", "segmentation", "two_way"])
def test_two_processes_are_one(name, tmp_path):
    torch.manual_seed(0)
    loss = every_loss()[name]
    model = Model(loss)
    whole = gradient(loss, model, split(*images_and_targets(loss.task_type), NUM_IMAGES))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path / "gradient.pt"
    multiprocessing.spawn(_work, (name, port, str(path)), nprocs=2)
    parts = torch.load(path)
    assert (whole - parts).norm() / whole.norm() < 1e-5

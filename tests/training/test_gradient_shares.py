"""How much each task moves the shared backbone, and what is said of it."""

import numpy as np
import pytest
import torch
from tiny_runs import QUIET, records, render, tiny_config
from torch import nn

from polyhead.loading import Batch
from polyhead.losses import (
    Bce,
    CrossEntropy,
)
from polyhead.objective import Coverage, Objective
from polyhead.tasks import LabelCounts
from polyhead.training import train
from polyhead.training.gradient_shares import gradient_shares, shares_line

COUNTS = LabelCounts(np.array([5.0, 5.0, 5.0]), np.full(3, 10.0))


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(4, 6), nn.Tanh())
        self.tags, self.kind = nn.Linear(6, 3), nn.Linear(6, 3)

    def forward(self, images):
        features = self.backbone(images)
        return {"tags": self.tags(features), "kind": self.kind(features)}


def batch(seed: int) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    targets = {
        "tags": torch.randint(2, (8, 3), generator=generator),
        "kind": torch.randint(3, (8,), generator=generator),
    }
    known = {
        "tags": torch.ones(8, 3, dtype=torch.bool),
        "kind": torch.rand(8, generator=generator) < 0.5,
    }
    return Batch(torch.randn(8, 4, generator=generator), targets, known, torch.arange(8))


def objective(**weights: float) -> Objective:
    coverage = {"tags": Coverage(3.0, 1.0), "kind": Coverage(0.5, 0.5)}
    losses = {"tags": Bce(COUNTS), "kind": CrossEntropy(COUNTS)}
    return Objective(losses, {"tags": 1.0, "kind": 1.0} | weights, coverage)


def test_shares_are_those_of_one_backward_pass_a_task():
    torch.manual_seed(0)
    network, batches = Two(), [batch(1), batch(2)]
    norms = {}
    for name in ("tags", "kind"):
        squares = []
        for some in batches:
            known = some.known[name]
            logits = network(some.images)[name][known if name == "kind" else slice(None)]
            targets = some.targets[name]
            if name == "tags":
                cells = nn.functional.binary_cross_entropy_with_logits(logits, targets.float())
                value = 3 * cells
            else:
                rows = nn.functional.cross_entropy(logits, targets[known], reduction="sum")
                value = 2 * rows / (8 * 0.5) * 0.5**0.5
            grads = torch.autograd.grad(value, list(network.backbone.parameters()))
            squares.append(sum(float(g.square().sum()) for g in grads))
        norms[name] = np.sqrt(sum(squares))
    found = gradient_shares(network, objective(kind=2.0), batches)
    total = sum(norms.values())
    assert found == pytest.approx({name: norm / total for name, norm in norms.items()}, rel=1e-5)
    assert sum(found.values()) == pytest.approx(1)


def test_a_frozen_backbone_or_one_task_has_no_shares():
    network = Two()
    network.backbone.requires_grad_(False)
    assert gradient_shares(network, objective(), [batch(0)]) == {}
    assert gradient_shares(Two(), objective().only("tags"), [batch(0)]) == {}


def test_the_line_names_who_hardly_moves_the_backbone_and_the_mend():
    even = shares_line({"tags": 0.6, "kind": 0.4}, {"tags": 1.0, "kind": 1.0})
    assert even == "share of the gradient in the shared backbone: tags 60%, kind 40%"
    starved = shares_line({"tags": 0.95, "kind": 0.05}, {"tags": 1.0, "kind": 2.0})
    assert "kind hardly moves the backbone" in starved
    assert "--set tasks.kind.weight=20, now 2" in starved
    assert "tags hardly" not in starved


def test_a_run_of_two_tasks_prints_and_keeps_the_shares(tmp_path):
    run = train(tiny_config(render(tmp_path / "scenes")), runs=tmp_path / "runs", reporter=QUIET)
    first, *later = records(run)
    assert sum(first["gradient_shares"].values()) == pytest.approx(1)
    assert list(first["gradient_shares"]) == ["contents", "daytime"]
    assert all("gradient_shares" not in record for record in later)
    assert "share of the gradient in the shared backbone: " in run.log.read_text()

"""Optimizer state through a checkpoint: the next step is the very same."""

import copy
import json

import pytest
import torch
from torch import nn

from polyhead.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from polyhead.checkpoints.optimizer_state import flatten_optimizer, restore_optimizer
from polyhead.errors import CheckpointError


def model_and_optimizer(amsgrad=False):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 2))
    decay = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim == 1]
    options = [{"params": decay, "lr": 0.1 / 3}, {"params": rest, "weight_decay": 0.0}]
    return model, torch.optim.AdamW(options, lr=1e-3, betas=(0.9, 0.95), amsgrad=amsgrad)


def train_step(model, optimizer, seed):
    images = torch.randn(8, 5, generator=torch.Generator().manual_seed(seed))
    optimizer.zero_grad()
    model(images).square().mean().backward()
    optimizer.step()


@pytest.mark.parametrize("amsgrad", [False, True])
def test_a_restored_optimizer_takes_the_very_same_next_step(tmp_path, amsgrad):
    model, optimizer = model_and_optimizer(amsgrad)
    for seed in (1, 2):
        train_step(model, optimizer, seed)
    tensors, tree = flatten_optimizer(optimizer.state_dict())
    saved = {"model": model.state_dict(), "optimizer": tensors}
    save_checkpoint(tmp_path, 2, saved, {"optimizer": tree})
    train_step(model, optimizer, 3)

    checkpoint = load_checkpoint(tmp_path)
    other, fresh = model_and_optimizer(amsgrad)
    other.load_state_dict(checkpoint.groups["model"])
    state = checkpoint.state["optimizer"]
    fresh.load_state_dict(restore_optimizer(checkpoint.groups["optimizer"], state))
    train_step(other, fresh, 3)

    expected = flatten_optimizer(optimizer.state_dict())
    found = flatten_optimizer(fresh.state_dict())
    assert found[1] == expected[1]
    assert all(torch.equal(found[0][key], expected[0][key]) for key in expected[0])
    assert all(map(torch.equal, other.parameters(), model.parameters()))


def without_tensors(value):
    """Types and values, tensors by their bits, so that `==` compares exactly."""
    if isinstance(value, torch.Tensor):
        return ("tensor", value.dtype, value.tolist())
    if isinstance(value, dict):
        return {key: without_tensors(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(without_tensors(inner) for inner in value)
    return (type(value), value)


def test_flatten_and_restore_keep_every_type():
    state = {
        "state": {0: {"step": torch.tensor(3.0), "tree": [torch.ones(2), {"a": None}]}, 7: {}},
        "param_groups": [{"betas": (0.1 + 0.2, 1e-300), "lr": torch.tensor(0.1), "params": [0, 7]}],
        "a.b": torch.tensor(1),
        "a": {"b": torch.tensor(2), "tuple": (), "dict": True, "tensor": "text"},
    }
    before = copy.deepcopy(state)
    tensors, tree = flatten_optimizer(state)
    restored = restore_optimizer(tensors, json.loads(json.dumps(tree)))
    assert without_tensors(restored) == without_tensors(before)


def test_flatten_names_what_it_cannot_save():
    with pytest.raises(CheckpointError, match=r"`state\.0\.x` is a set"):
        flatten_optimizer({"state": {0: {"x": {1}}}})


def test_restore_names_a_missing_tensor():
    tensors, tree = flatten_optimizer({"a": torch.ones(1)})
    assert list(tensors) == ["a"]
    with pytest.raises(CheckpointError, match="`a` is missing"):
        restore_optimizer({}, tree)

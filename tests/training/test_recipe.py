"""The recipe: optimizer groups, rates, averaged weights, accumulation, freezing, patience."""

import copy
import itertools
import math

import numpy as np
import pytest
import torch
from tiny_runs import QUIET, records, tiny_config, weights
from torch import nn

from polyhead.backbones import Backbone
from polyhead.loading.order import EpochBatchSampler, epoch_order, stable_seed
from polyhead.network import Network
from polyhead.network.layout import lay_out
from polyhead.preparation import prepare
from polyhead.training import run as running
from polyhead.training import train, trainer
from polyhead.training.build import build_parts
from polyhead.training.ema import ExponentialAverage
from polyhead.training.optimizer import build_optimizer, rate_factor, set_rates


def test_averaged_weights_follow_the_formula():
    layer = nn.BatchNorm1d(2)
    average = ExponentialAverage(layer, decay=0.15)
    expected = {k: t.clone().double() for k, t in layer.state_dict().items()}
    for step, decay in enumerate([0.1, 0.15, 0.15]):  # (1+n)/(10+n) = 0.1, 2/11, 0.25
        layer(torch.randn(8, 2))
        with torch.no_grad():
            layer.weight.add_(1.0)
        average.update(layer)
        for key in ("weight", "running_mean", "running_var"):
            now = layer.state_dict()[key].double()
            expected[key] = decay * expected[key] + (1 - decay) * now
        assert average.state_dict()["num_batches_tracked"] == step + 1
    for key in ("weight", "running_mean", "running_var"):
        torch.testing.assert_close(
            average.state_dict()[key].double(), expected[key], rtol=1e-6, atol=0
        )


def test_a_decay_of_zero_is_no_average():
    layer = nn.Linear(3, 3)
    average = ExponentialAverage(layer, decay=0.0)
    with torch.no_grad():
        layer.weight.normal_()
    average.update(layer)
    assert torch.equal(average.state_dict()["weight"], layer.weight)


def test_the_rate_rises_then_falls_to_a_hundredth():
    factors = [rate_factor(step, 100, 0.1) for step in range(100)]
    np.testing.assert_allclose(factors[:10], np.arange(1, 11) / 10)
    assert factors[10] == 1.0
    assert factors[55] == pytest.approx(0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * 45 / 90)))
    assert all(a > b for a, b in itertools.pairwise(factors[10:]))
    assert rate_factor(100, 100, 0.1) == pytest.approx(0.01)
    assert rate_factor(0, 1, 0.0) == 1.0


@pytest.fixture
def network(scenes):
    config = tiny_config(scenes)
    return build_parts(config, prepare(config, QUIET), pretrained=False).network


@pytest.mark.parametrize(("pretrained", "rate"), [(True, 0.25), (False, 1.0)])
def test_only_a_pretrained_backbone_learns_slower_and_only_matrices_decay(
    network, pretrained, rate
):
    network.backbone.pretrained = pretrained
    optimizer = build_optimizer(network, learning_rate=0.1, backbone_rate=0.25, weight_decay=0.5)
    set_rates(optimizer, 0.5)
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    seen = []
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            name = names[id(parameter)]
            seen.append(name)
            shared = name.startswith("backbone.")
            assert group["lr"] == pytest.approx(0.05 * (rate if shared else 1.0))
            assert group["weight_decay"] == (0.5 if parameter.ndim > 1 else 0.0)
    assert sorted(seen) == sorted(names.values())


@pytest.mark.parametrize(("name", "rate"), [("test_byobnet", 0.5), ("test_vit", 0.05)])
def test_a_backbone_without_batch_normalisation_takes_smaller_steps(network, name, rate):
    backbone = Backbone(name, pretrained=False, image_size=(160, 160))
    backbone.pretrained = True
    network.backbone = backbone
    optimizer = build_optimizer(network, learning_rate=2.0, backbone_rate="auto", weight_decay=0.0)
    shared = {id(parameter) for parameter in backbone.parameters()}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            # Two tasks: √2 times the rate of one.
            expected = 2.0 * (rate * 2**0.5 if id(parameter) in shared else 1.0)
            assert group["lr"] == pytest.approx(expected)


@pytest.mark.parametrize(("num_tasks", "rate"), [(1, 0.5), (3, 0.5 * 3**0.5), (4, 1.0), (9, 1.0)])
def test_the_backbone_of_many_tasks_takes_larger_steps(network, num_tasks, rate):
    network.backbone.pretrained = True
    head, loss = network.head("contents"), network.loss("contents")
    names = [f"task{i}" for i in range(num_tasks)]
    alike = Network(network.backbone, dict.fromkeys(names, head), dict.fromkeys(names, loss))
    optimizer = build_optimizer(alike, learning_rate=2.0, backbone_rate="auto", weight_decay=0.0)
    rates = {group["lr"] for group in optimizer.param_groups}
    assert sorted(rates) == pytest.approx(sorted({2.0, 2.0 * rate}))


def test_laying_out_changes_the_layout_and_no_value(network):
    before = {k: t.clone() for k, t in network.state_dict().items()}
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.data = parameter.contiguous()
    lay_out(network)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
        if tensor.ndim == 4:
            assert tensor.is_contiguous(memory_format=torch.channels_last)


BATCH_NORM_FREE = ("model.backbone=test_vit", "model.image_size=160", "train.clip=1e9")


def test_accumulated_batches_are_one_batch_for_a_network_without_batch_statistics(scenes):
    """The mean is over the known cells of all of them, not a mean of means."""
    config = tiny_config(scenes, *BATCH_NORM_FREE, "train.batch_size=8", "train.precision=fp32")
    prepared = prepare(config, QUIET)
    prepared.targets["daytime"][::3] = -1
    parts = build_parts(config, prepared, pretrained=False)
    parts.network.eval()  # no dropout
    state = copy.deepcopy(parts.network.state_dict())
    whole = next(iter(parts.training))
    uneven = [slice(0, 2), slice(2, 3), slice(3, 8)]
    results = []
    for pieces in ([slice(0, 8)], uneven):
        parts.network.load_state_dict(state)
        optimizer = torch.optim.SGD(parts.network.parameters(), lr=1.0)
        parts.stepper.optimizer = optimizer
        report = parts.stepper([cut(whole, piece) for piece in pieces])
        results.append((report.losses, copy.deepcopy(parts.network.state_dict())))
    (losses, once), (summed, often) = results
    assert losses == pytest.approx(summed, rel=1e-5)
    for name, tensor in once.items():
        torch.testing.assert_close(often[name], tensor, rtol=1e-4, atol=1e-5)
    assert any(not torch.equal(once[name], state[name]) for name in state)


def cut(batch, piece):
    return type(batch)(
        batch.images[piece],
        {name: t[piece] for name, t in batch.targets.items()},
        {name: t[piece] for name, t in batch.known.items()},
        batch.rows[piece],
    )


def test_a_frozen_backbone_keeps_weights_and_statistics_bit_for_bit(scenes, tmp_path, monkeypatch):
    starts = []
    original = running.build_parts

    def build(*arguments, **options):
        parts = original(*arguments, **options)
        starts.append({k: t.clone() for k, t in parts.network.state_dict().items()})
        return parts

    monkeypatch.setattr(running, "build_parts", build)
    frozen = train(
        tiny_config(scenes, "train.epochs=2", "train.freeze_epochs=2"),
        runs=tmp_path / "frozen",
        reporter=QUIET,
    )
    for group in ("model", "ema"):
        for name, tensor in weights(frozen, group).items():
            assert torch.equal(tensor, starts[0][name]) != name.startswith("heads."), name
    thawed = train(
        tiny_config(scenes, "train.epochs=2", "train.freeze_epochs=1"),
        runs=tmp_path / "thawed",
        reporter=QUIET,
    )
    moved = [name for name, t in weights(thawed).items() if not torch.equal(t, starts[1][name])]
    assert any(name.startswith("backbone.") and "running" in name for name in moved)
    assert any(name.startswith("backbone.") and name.endswith("weight") for name in moved)


def test_patience_ends_a_run_that_gains_nothing(scenes, tmp_path, monkeypatch):
    scores = iter([0.5, 0.6, 0.6, 0.55, 0.7])
    original = trainer.epoch_record

    def record(*arguments):
        return {**original(*arguments), "score": next(scores)}

    monkeypatch.setattr(trainer, "epoch_record", record)
    config = tiny_config(scenes, "train.epochs=5", "train.patience=2")
    run = train(config, runs=tmp_path, reporter=QUIET)
    assert [r["best"] for r in records(run)] == [True, True, False, False]
    assert "ended after 4 of 5 epochs" in run.log.read_text()


def test_the_order_is_a_function_of_seed_and_epoch():
    rows = np.arange(100, 150)
    first = epoch_order(rows, 0, 0)
    assert sorted(first) == rows.tolist()
    np.testing.assert_array_equal(first, epoch_order(rows, 0, 0))
    for other in (epoch_order(rows, 0, 1), epoch_order(rows, 1, 0)):
        assert (first != other).any()
    assert stable_seed("order", 0, 0) == 7453028512061360496


@pytest.mark.parametrize(
    ("rows", "size", "expected"), [(8, 4, [4, 4]), (10, 4, [4, 4, 2]), (9, 4, [4, 4]), (1, 4, [1])]
)
def test_a_small_rest_is_left_out_unless_it_is_all(rows, size, expected):
    order = EpochBatchSampler(np.arange(rows), size, seed=0)
    assert [len(batch) for batch in order] == expected
    assert len(order) == len(expected)
    assert order.num_rows() == sum(expected)
    order.start(3, first_batch=len(expected) - 1)
    (last,) = list(order)
    assert order.num_rows() == len(last) == expected[-1]
    assert {epoch for epoch, _ in last} == {3}

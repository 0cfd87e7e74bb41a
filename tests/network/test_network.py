"""The network: one backbone, a head a task, and logits that mean something."""

import numpy as np
import pytest
import torch

from polyhead.config import Config, validate
from polyhead.errors import ConfigError
from polyhead.losses import Bce, TagsLoss
from polyhead.losses.tags.unknown import PartialTags
from polyhead.network import Network, build_network, check_components
from polyhead.network.layout import lay_out
from polyhead.tasks import (
    ClassDecider,
    LabelCounts,
    MaskDecider,
    NumberDecider,
    NumberStatistics,
    TagsDecider,
)

TASKS = {
    "type": {"type": "tags", "loss": {"name": "bce", "pos_weight": "auto"}},
    "keys": {"type": "class", "loss": {"name": "cross_entropy", "class_weights": "auto"}},
    "class": {"type": "class", "head": {"name": "mlp", "hidden": "7"}},
    "forward": {"type": "tags", "loss": "softmax"},
    "two words": {"type": "tags"},
}
LABELS = {"tags": ("a", "b", "c"), "class": ("x", "y")}
SETTLED = {
    name: (TagsDecider if keys["type"] == "tags" else ClassDecider)(name, LABELS[keys["type"]])
    for name, keys in TASKS.items()
}
COUNTS = {
    name: LabelCounts(np.arange(1.0, 1 + len(task.classes)), np.full(len(task.classes), 10.0))
    for name, task in SETTLED.items()
}


def config(tasks=None, **model) -> Config:
    plain = {"backbone": "resnet18", "image_size": "32", **model}
    return validate({"data": {"annotations": "a"}, "tasks": tasks or TASKS, "model": plain}, "test")


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    return build_network(config(), SETTLED, COUNTS, pretrained=False).eval()


IMAGES = torch.randint(
    0, 256, (3, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)


def test_tasks_may_bear_the_names_of_methods(network):
    assert network.tasks == list(TASKS)
    logits = network(IMAGES)
    assert list(logits) == list(TASKS)
    for name, task in SETTLED.items():
        assert logits[name].shape == (3, len(task.classes))
        assert network.loss(name).task_type == task.type


def test_neck_and_spatial_heads_have_a_layout_of_their_own():
    settled = {"ground": MaskDecider("ground", ("a", "b", "c")), "type": SETTLED["type"]}
    keys = {"ground": {"type": "mask"}, "type": {"type": "tags"}}
    network = build_network(
        config(keys, backbone="mobilenetv3_small_050"), settled, pretrained=False
    )
    lay_out(network)
    assert network.neck is not None
    for part, expected in (
        (network.backbone, torch.channels_last),
        (network.neck, torch.contiguous_format),
        (network.head("ground"), torch.contiguous_format),
    ):
        wide = [tensor for tensor in part.state_dict().values() if tensor.ndim == 4]
        assert wide
        assert all(tensor.is_contiguous(memory_format=expected) for tensor in wide)


def test_the_backbone_runs_once(network):
    seen = []
    hook = network.backbone.register_forward_hook(lambda *_: seen.append(1))
    network(IMAGES)
    hook.remove()
    assert len(seen) == 1


def test_dense_outputs_are_logits_and_what_their_loss_says_they_mean(network):
    with torch.no_grad():
        logits = network(IMAGES)
        dense = network.dense({name: z.bfloat16() for name, z in logits.items()})
    for name, task in SETTLED.items():
        z = logits[name].bfloat16().float()
        meant = network.loss(name)
        meant = meant.log_odds(z) if isinstance(meant, TagsLoss) else z
        assert torch.equal(dense[name]["logits"], meant)
        assert dense[name]["probabilities"].dtype == torch.float32
        assert torch.equal(dense[name]["probabilities"], network.loss(name).link(z))
        if task.type == "class":
            total = dense[name]["probabilities"].sum(1)
            torch.testing.assert_close(total, torch.ones(3))


def test_training_starts_from_the_class_shares(network):
    fresh = build_network(config(), SETTLED, COUNTS, pretrained=False).eval()
    dense = fresh.dense(fresh(IMAGES))
    prior = torch.from_numpy(COUNTS["two words"].prior).float()
    torch.testing.assert_close(dense["two words"]["probabilities"], prior.expand(3, 3))
    torch.testing.assert_close(dense["type"]["probabilities"], prior.expand(3, 3))


def test_weights_and_meaning_survive_a_network_built_without_counts(network):
    for module in network.heads.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.normal_(module.weight)
    again = build_network(config(), SETTLED, None, pretrained=False).eval()
    again.load_state_dict(network.state_dict(), strict=True)
    with torch.no_grad():
        one, other = (n.dense(n(IMAGES)) for n in (network, again))
    for name in SETTLED:
        for key in ("logits", "probabilities"):
            assert torch.equal(one[name][key], other[name][key])


def test_it_exports(network):
    exported = torch.export.export(network, (IMAGES,)).module()
    found, expected = exported(IMAGES), network(IMAGES)
    for name in SETTLED:
        torch.testing.assert_close(found[name], expected[name])


def test_labels_are_counted_over_known_cells():
    labels = np.array([[1, 0, -1], [1, -1, -1], [0, 1, -1]], np.int8)
    encoder = config().tasks["type"].encoder("type", ("a", "b", "c"))
    counts = encoder.statistics(labels)
    assert counts.positive.tolist() == [2, 1, 0]
    assert counts.known.tolist() == [3, 2, 0]
    assert counts.rows == 3


def test_numbers_are_summed_up_over_known_rows():
    numbers = np.array([1, np.nan, 5, np.nan], np.float32)
    people = config({"people": {"type": "number"}}).tasks["people"].encoder("people", ())
    assert people.statistics(numbers) == NumberStatistics(3.0, 2.0)


def test_a_number_starts_at_the_mean_and_keeps_its_unit_in_the_weights():
    people = {"people": NumberDecider("people")}
    keys = config({"people": {"type": "number", "distribution": "normal", "head": "linear"}})
    statistics = {"people": NumberStatistics(40.0, 5.0)}
    one = build_network(keys, people, statistics, pretrained=False).eval()
    other = build_network(keys, people, None, pretrained=False).eval()
    other.load_state_dict(one.state_dict(), strict=True)
    for network in (one, other):
        dense = network.dense(network(IMAGES))["people"]
        torch.testing.assert_close(dense["value"], torch.full((3,), 40.0))
        torch.testing.assert_close(dense["high"] - dense["low"], torch.full((3,), 12.8155))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"type": "tags", "head": "linaer"}, 'head "linaer" does not exist. Did you mean "linear"'),
        ({"type": "tags", "loss": "bec"}, 'loss "bec" does not exist. Did you mean "bce"'),
        ({"type": "class", "loss": "bce"}, "is a loss for tags tasks; a class task takes cross_e"),
        ({"type": "number", "loss": "bce"}, "a number task takes huber, normal, poisson"),
        ({"type": "number", "loss": {"name": "huber", "delta": "0"}}, "strictly positive"),
        ({"type": "tags", "loss": "cross_entropy"}, "a tags task takes asymmetric, bce"),
        ({"type": "tags", "unknown": "ignor"}, 'unknown "ignor" does not exist'),
        ({"type": "tags", "unknown": {"name": "em", "alpha": "-1"}}, "at least 0"),
        ({"type": "tags", "unknown": "em", "loss": "zlpr"}, "has only once it is calibrated"),
        ({"type": "tags", "loss": {"name": "bce", "weight": "1"}}, 'no option "weight"'),
        ({"type": "tags", "loss": {"name": "bce", "pos_weight": "-1"}}, "strictly positive"),
        ({"type": "tags", "head": {"name": "mlp", "hidden": "0"}}, "at least 1"),
        ({"type": "tags", "head": {"name": "linear", "dropout": "2"}}, "dropout"),
        ({"type": "class", "loss": {"name": "cross_entropy", "label_smoothing": "1"}}, "label_smo"),
    ],
)
def test_parts_that_cannot_be_built_are_refused_before_any_work(keys, expected):
    check_components(config())
    with pytest.raises(ConfigError) as found:
        check_components(config({"task": keys}))
    assert expected in found.value.message


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("unknown", ["negative", "em", "expected_positive"])
def test_a_strategy_for_unknown_cells_goes_around_the_loss(unknown, told):
    keys = config({"tags": {"type": "tags", "unknown": unknown, "loss": "asymmetric"}})
    tasks = {"tags": TagsDecider("tags", ("a", "b"))}
    counts = {"tags": LabelCounts(np.array([20, 5]), np.array([60, 30]), 100)} if told else None
    loss = build_network(keys, tasks, counts, pretrained=False).loss("tags")
    assert isinstance(loss, PartialTags)
    logits = loss.initial_logits()[None]
    shares = [20.5 / 101, 5.5 / 101] if unknown == "negative" else [20.5 / 61, 5.5 / 31]
    expected = shares if told else [0.5, 0.5]
    np.testing.assert_allclose(loss.dense(logits)["probabilities"][0].numpy(), expected, atol=1e-4)


def test_ignoring_unknown_cells_takes_nothing_but_the_loss():
    keys = config({"tags": {"type": "tags", "unknown": "ignore"}})
    loss = build_network(keys, {"tags": TagsDecider("tags", ("a", "b"))}, pretrained=False).loss(
        "tags"
    )
    assert type(loss) is Bce

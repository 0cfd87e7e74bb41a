"""What a network takes over from another: heads by their classes, levels of the neck."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhead.checkpoints import SavedRun
from polyhead.checkpoints.transfer import transfer
from polyhead.config import validate
from polyhead.errors import ConfigError
from polyhead.network import build_network
from polyhead.runtime.run_folder import RunFolder
from polyhead.training.freezing import Freezing

LAST = {
    ("tags", "linear"): "linear",
    ("class", "mlp"): "linear",
    ("boxes", "boxes"): "one_to_many.classes",
    ("mask", "mask"): "classes",
}


def network_of(tasks, classes, **model):
    """Config, encoders and a network of random weights."""
    small = {"backbone": "test_resnet", "pretrained": False, "image_size": 32}
    plain = {"data": {"annotations": "x.csv"}, "tasks": tasks, "model": {**small, **model}}
    config = validate(plain, "test")
    encoders = {
        name: keys.encoder(name, tuple(classes.get(name, ())))
        for name, keys in config.tasks.items()
    }
    network = build_network(config, deciders_of(encoders), pretrained=False)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_()
    return config, encoders, network


def deciders_of(encoders):
    return {name: encoder.decider() for name, encoder in encoders.items()}


def saved(tasks, classes, **model):
    config, encoders, network = network_of(tasks, classes, **model)
    run = RunFolder(Path("runs/old-001"))
    return SavedRun(run, config, deciders_of(encoders), network.state_dict())


def started(origin, tasks, classes, **model):
    """The new network before and after, and what was taken over."""
    config, encoders, network = network_of(tasks, classes, **model)
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    start = transfer(origin, network, config, encoders)
    start.load_into(network)
    return before, network.state_dict(), start


@settings(max_examples=25)
@given(
    st.sampled_from(sorted(LAST)),
    st.lists(st.sampled_from("abcdef"), min_size=2, unique=True),
    st.lists(st.sampled_from("abcdef"), min_size=2, unique=True),
)
def test_rows_follow_the_names_of_their_classes(kind, old, new):
    tasks = {"a": {"type": kind[0], "head": kind[1]}}
    origin = saved(tasks, {"a": old})
    fresh, after, start = started(origin, tasks, {"a": new})
    own = "heads.to_a."
    for part in ("weight", "bias"):
        key = f"{own}{LAST[kind]}.{part}"
        for row, label in enumerate(new):
            known = label in old
            expected = origin.tensors[key][old.index(label)] if known else fresh[key][row]
            assert torch.equal(after[key][row], expected)
    common = set(old) & set(new)
    for key in after:
        if key.startswith(own) and LAST[kind] not in key:
            assert torch.equal(after[key], (origin.tensors if common else fresh)[key])
    assert ("a" in start.tasks) == (old == new)
    said = "\n".join(start.report)
    assert ("started from scratch: a (no class in common)" in said) == (not common)
    assert ("in another order" in said) == (old != new and set(old) == set(new))


@pytest.mark.parametrize(
    ("then", "now", "shown"),
    [
        ({"type": "tags"}, {"type": "class"}, "a (it was a tags task)"),
        ({"type": "tags"}, {"type": "tags", "loss": "softmax"}, "its loss was bce, not softmax"),
        ({"type": "tags"}, {"type": "tags", "head": "mlp"}, "its head was linear, not mlp"),
        (
            {"type": "tags", "head": {"name": "mlp", "hidden": "8"}},
            {"type": "tags", "head": {"name": "mlp", "hidden": "9"}},
            "a (a.dense.weight was (8, ",
        ),
        ({"type": "boxes"}, {"type": "boxes", "nms": "none"}, "a (its head has other layers)"),
        ({"type": "number"}, {"type": "number", "loss": "poisson"}, "its loss was huber"),
    ],
)
def test_a_head_of_another_kind_starts_from_scratch_and_says_why(then, now, shown):
    classes = {"a": [] if then["type"] == "number" else ["x", "y"]}
    before, after, start = started(saved({"a": then}, classes), {"a": now}, classes)
    assert shown in start.report[-1]
    assert start.report[-1].startswith("started from scratch: ")
    assert all(torch.equal(after[key], before[key]) for key in after if "to_a" in key)


def test_the_unit_of_numbers_and_the_weights_of_classes_come_along():
    tasks = {"n": {"type": "number"}, "t": {"type": "tags"}}
    origin = saved(tasks, {"t": ["x", "y"]})
    origin.tensors["losses.to_n.mean"].fill_(7)
    origin.tensors["losses.to_t.log_weight"].fill_(3)
    _, after, start = started(origin, tasks, {"t": ["x", "y"]})
    assert after["losses.to_n.mean"] == 7
    assert after["losses.to_t.log_weight"].tolist() == [3, 3]
    changed = {**tasks, "t": {"type": "tags", "loss": {"name": "bce", "pos_weight": "2"}}}
    _, after, start = started(origin, changed, {"t": ["x", "y"]})
    assert after["losses.to_t.log_weight"].exp().tolist() == pytest.approx([2, 2])
    assert start.tasks.keys() == {"n"}
    assert "t (its loss has other options)" in start.report[0]


PAIRWISE = {"field": "pairwise"}
RANKED = {"field": {"name": "pairwise", "rank": "1"}}
EXCLUSIVE = {**PAIRWISE, "rules": {"exclusive": [["x", "y"]]}}


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        ({}, PAIRWISE, "its field was none, not pairwise"),
        (PAIRWISE, {}, "its field was pairwise, not none"),
        (PAIRWISE, {"field": {"name": "pairwise", "l1": "0.1"}}, "its field has other options"),
        (PAIRWISE, EXCLUSIVE, "its field has other rules"),
        (EXCLUSIVE, {**PAIRWISE, "rules": {"exclusive": [["y", "z"]]}}, "has other rules"),
        (PAIRWISE, RANKED, "3 of 3 classes; its field has other options"),
        (RANKED, PAIRWISE, "3 of 3 classes; its field has other options"),
        (RANKED, {"field": {"name": "pairwise", "rank": "2"}}, "its field has other options"),
        (RANKED, {}, "its field was pairwise, not none"),
    ],
)
def test_couplings_of_another_field_start_from_scratch_and_say_why(then, now, said):
    classes = {"t": ["x", "y", "z"]}
    origin = saved({"t": {"type": "tags", **then}}, classes)
    fresh, after, start = started(origin, {"t": {"type": "tags", **now}}, classes)
    assert said in start.report[0]
    assert "loss" not in start.report[0]
    weight = "heads.to_t.linear.weight"
    assert torch.equal(after[weight][:3], origin.tensors[weight][:3])
    assert torch.equal(after[weight][3:], fresh[weight][3:])  # outputs for gates
    assert all(torch.equal(after[key], fresh[key]) for key in after if key.startswith("losses."))
    assert not start.tasks


@pytest.mark.parametrize("field", [PAIRWISE, RANKED, EXCLUSIVE])
def test_couplings_come_along_with_the_head(field):
    tasks, classes = {"t": {"type": "tags", **field}}, {"t": ["x", "y", "z"]}
    origin = saved(tasks, classes)
    _, after, start = started(origin, tasks, classes)
    assert start.tasks.keys() == {"t"}
    for key, tensor in after.items():
        if key.startswith(("heads.", "losses.")) and not key.endswith((".scale", ".shift")):
            assert torch.equal(tensor, origin.tensors[key])


def test_couplings_between_other_classes_start_from_scratch():
    origin = saved({"t": {"type": "tags", **RANKED}}, {"t": ["x", "y", "z"]})
    fresh, after, start = started(origin, {"t": {"type": "tags", **RANKED}}, {"t": ["w", "z", "x"]})
    assert "t (2 of 3 classes; new: w; dropped: y)" in start.report[0]
    weight = "heads.to_t.linear.weight"
    assert torch.equal(after[weight][[1, 2]], origin.tensors[weight][[2, 0]])
    assert torch.equal(after[weight][[0, 3]], fresh[weight][[0, 3]])
    assert all(torch.equal(after[key], fresh[key]) for key in after if key.startswith("losses."))


@pytest.mark.parametrize("freeze", [False, True])
@pytest.mark.parametrize("loss", ["bce", "asymmetric"])
def test_a_calibration_stays_with_the_weights_it_was_fitted_for(freeze, loss):
    tags = {"type": "tags", "loss": loss, "freeze": freeze}
    tasks = {"t": tags, "u": {**tags, "unknown": "em"}, "c": {"type": "class", "freeze": freeze}}
    tasks["free"] = {"type": "number"}
    classes = {task: ["x", "y"] for task in ("t", "u", "c")}
    origin = saved(tasks, classes)
    fitted = {"losses.to_t.scale": 3.0, "losses.to_u.shift": -2.0, "losses.to_c.temperature": 4.0}
    for name, value in fitted.items():
        origin.tensors[name].fill_(value)
    _, after, start = started(origin, tasks, classes)
    assert start.tasks.keys() == tasks.keys()
    neutral = {"scale": 1.0, "shift": 0.0, "temperature": 1.0}
    for name, value in fitted.items():
        expected = value if freeze else neutral[name.split(".")[-1]]
        assert (after[name] == expected).all()
        assert (origin.tensors[name] == value).all()


def test_a_finer_level_joins_the_neck_and_leaves_coarser_ones_frozen():
    boxes = {"a": {"type": "boxes", "freeze": True}}
    classes = {"a": ["x"], "b": ["x", "y"]}
    plain = {"a": {"type": "boxes"}, "c": {"type": "tags"}}
    origin = saved(plain, {**classes, "c": ["x"]}, image_size=160)
    tasks = {**boxes, "b": {"type": "mask"}}
    config, encoders, network = network_of(tasks, classes, image_size=160, freeze=True)
    start = transfer(origin, network, config, encoders)
    assert start.report == [
        "from runs/old-001: kept backbone, levels of the neck, a",
        "started from scratch: levels of the neck, b (new); dropped: c",
    ]
    freezing = Freezing.of(config, network, start)
    assert freezing.levels == {8, 16, 32}
    freezing.apply(network)
    learning = {name for name, value in network.named_parameters() if value.requires_grad}
    assert {name.split(".")[2] for name in learning if name.startswith("neck.")} == {"4"}
    assert {name.split(".")[1] for name in learning if name.startswith("heads.")} == {"to_b"}
    assert not any(name.startswith("backbone.") for name in learning)
    assert freezing.is_fixed(network, "a")
    assert not freezing.is_fixed(network, "b")
    modes = [module.training for module in (network.backbone, network.head("a"), network.head("b"))]
    assert modes == [False, False, True]


def test_a_backbone_that_depends_on_the_size_of_images_is_refused():
    origin = saved({"a": {"type": "number"}}, {}, backbone="test_vit", image_size=160)
    config, encoders, network = network_of(
        {"a": {"type": "number"}}, {}, backbone="test_vit", image_size=96
    )
    with pytest.raises(ConfigError, match=r"image_size is \[160, 160\], yours \[96, 96\]"):
        transfer(origin, network, config, encoders)

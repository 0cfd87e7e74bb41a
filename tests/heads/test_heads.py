"""What every head on the final map keeps, and the plain ones."""

import copy

import pytest
import torch
from torch.nn import functional

from polyhead.errors import ConfigError
from polyhead.heads import HEADS, ClosedFormHead, Head, Linear, Mlp
from polyhead.registry import Component, construct

FINAL = [name for name, head in HEADS.items() if head.reads == "final"]
LEARNING = [name for name in FINAL if not issubclass(HEADS[name], ClosedFormHead)]
sweep = pytest.mark.parametrize("name", FINAL)
learning = pytest.mark.parametrize("name", LEARNING)


def component(name: str, **options: object) -> Component:
    return Component.model_validate({"name": name, **options})


def build(name: str, *sizes: int, **options: object) -> Head:
    return construct("head", HEADS, component(name, **options), *sizes)


def stirred(name: str, num_features: int = 12, num_outputs: int = 5):
    """A head whose weights are all random: a fresh one may start at zero."""
    head = build(name, num_features, num_outputs).eval()
    for parameter in head.parameters():
        spread = parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 1
        torch.nn.init.normal_(parameter, std=spread)
    if isinstance(head, ClosedFormHead):
        targets = torch.randint(2, (64, num_outputs))
        head.observe(torch.randn(64, num_features, 2, 2), targets, torch.ones(64, num_outputs) > 0)
        head.fit()
    return head


@sweep
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 7), (5, 1)])
@pytest.mark.parametrize("num_images", [1, 3])
def test_any_map_gives_one_logit_an_output(name, size, num_images):
    head = stirred(name)
    logits = head(torch.randn(num_images, 12, *size))
    assert logits.shape == (num_images, 5)
    assert torch.isfinite(logits).all()


@sweep
@pytest.mark.parametrize(("num_features", "num_outputs"), [(1, 1), (3, 1), (1, 1000)])
def test_odd_numbers_of_features_and_outputs_work(name, num_features, num_outputs):
    head = build(name, num_features, num_outputs)
    assert head(torch.randn(2, num_features, 4, 4)).shape == (2, num_outputs)


@learning
def test_gradients_reach_the_features_and_every_parameter(name):
    head = stirred(name)
    features = torch.randn(2, 12, 4, 4, requires_grad=True)
    head(features).square().sum().backward()
    assert features.grad is not None
    assert features.grad.abs().sum() > 0
    for key, parameter in head.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().sum() > 0, key


@learning
def test_a_fresh_head_starts_near_the_logits_it_is_given(name):
    head = build(name, 12, 5).eval()
    wanted = torch.tensor([-4.0, -1.0, 0.0, 1.0, 4.0])
    head.start_at(wanted)
    logits = head(torch.rand(64, 12, 4, 4))
    assert logits.requires_grad
    torch.testing.assert_close(logits.mean(0), wanted, atol=0.3, rtol=0)


@learning
def test_it_learns(name):
    head = build(name, 12, 2)
    features = torch.randn(32, 12, 3, 3)
    targets = (features.mean((2, 3))[:, :2] > 0).float()
    rate = 0.002 if name == "ml_decoder" else 0.05  # attention does not stand large steps
    optimizer = torch.optim.Adam(head.parameters(), rate)
    losses = []
    for _ in range(60):
        loss = functional.binary_cross_entropy_with_logits(head(features), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


@sweep
def test_half_precision_is_near_full(name):
    head = stirred(name)
    features = torch.randn(4, 12, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        half = head(features)
    assert half.dtype == torch.bfloat16
    exact = head(features)
    assert (half - exact).abs().max() < 0.05 * exact.abs().max()
    assert head.bfloat16()(features.bfloat16()).dtype == torch.bfloat16


@sweep
def test_it_exports(name):
    head = stirred(name)
    features = torch.randn(3, 12, 4, 4)
    exported = torch.export.export(head, (features,)).module()
    torch.testing.assert_close(exported(features), head(features))


@sweep
def test_rows_do_not_see_each_other(name):
    head = stirred(name)
    features = torch.randn(6, 12, 4, 4)
    torch.testing.assert_close(head(features)[2:3], head(features[2:3]))


@sweep
def test_copies_and_states_are_equal(name):
    head = stirred(name)
    features = torch.randn(2, 12, 4, 4)
    fresh = build(name, 12, 5).eval()
    fresh.load_state_dict(head.state_dict(), strict=True)
    assert torch.equal(fresh(features), head(features))
    assert torch.equal(copy.deepcopy(head)(features), head(features))
    assert repr(head).startswith(type(head).__name__)


@sweep
def test_it_exports_for_any_number_of_images_in_plain_operators(name):
    head = stirred(name)
    several = {"features": {0: torch.export.Dim("images")}}
    program = torch.export.export(head, (torch.randn(3, 12, 4, 4),), dynamic_shapes=several)
    features = torch.randn(5, 12, 4, 4)
    answer = program.run_decompositions().module()(features)
    torch.testing.assert_close(answer, head(features), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["linear", "mlp"])
def test_poolings_see_the_mean_the_strongest_place_or_both(name):
    features = torch.randn(2, 12, 3, 5)
    averaged, strongest = features.mean((2, 3)), features.flatten(2).max(-1).values
    for pooling, pooled in [
        ("avg", averaged),
        ("max", strongest),
        ("avg_max", (averaged + strongest) / 2),
    ]:
        head = build(name, 12, 5, pooling=pooling).eval()
        for parameter in head.parameters():
            torch.nn.init.normal_(parameter)
        torch.testing.assert_close(head(features), head(pooled[:, :, None, None]))


def test_linear_is_pooling_and_one_layer():
    head = stirred("linear")
    assert isinstance(head, Linear)
    features = torch.randn(2, 12, 3, 5)
    pooled = functional.adaptive_avg_pool2d(features, 1).flatten(1)
    expected = pooled @ head.linear.weight.T + head.linear.bias
    torch.testing.assert_close(head(features), expected)


def test_mlp_is_pooling_dense_relu_and_one_layer():
    head = Mlp(12, 5, hidden=8).eval()
    features = torch.randn(2, 12, 3, 5)
    hidden = functional.linear(features.mean((2, 3)), head.dense.weight, head.dense.bias)
    expected = functional.linear(hidden.relu(), head.linear.weight, head.linear.bias)
    torch.testing.assert_close(head(features), expected)
    assert Mlp(12, 5).dense.out_features == 256


@pytest.mark.parametrize("name", ["linear", "mlp"])
def test_dropout_works_in_training_only(name):
    head = build(name, 64, 5, dropout=0.5)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    features = torch.randn(2, 64, 3, 3)
    assert not torch.equal(head(features), head(features))
    assert torch.equal(head.eval()(features), head(features))


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        (component("mlp", hidden="0"), "`hidden` should be at least 1"),
        (component("mlp", dropout="1.5"), "dropout"),
        (component("linear", dropout="-1"), "dropout"),
        (component("linear", hidden="3"), 'no option "hidden"'),
        (component("linear", pooling="sum"), "pooling"),
        (component("csra", num_heads="3"), "`num_heads` should be one of 1, 2, 4, 6, 8"),
        (component("csra", lam="-1"), "`lam` should be at least 0"),
        (component("csra", lam="nan"), "lam"),
        (component("ml_decoder", width="12"), "`width` should be a multiple of 8"),
        (component("ml_decoder", width="0"), "`width` should be a multiple of 8"),
        (component("ml_decoder", hidden="0"), "`hidden` should be at least 1"),
        (component("naive_bayes", floor="0"), "`floor` should be strictly positive"),
    ],
)
def test_wrong_options_are_refused(component, expected):
    with pytest.raises(ConfigError, match=expected):
        construct("head", HEADS, component, 12, 5)

"""Residual attention against a plain loop, and its maps."""

import pytest
import torch

from polyhead.heads import Csra

TEMPERATURES = {
    1: [1],
    2: [1, 99],
    4: [1, 2, 4, 99],
    6: [1, 2, 3, 4, 5, 99],
    8: [1, 2, 3, 4, 5, 6, 7, 99],
}


def stirred(num_heads, lam):
    head = Csra(6, 3, num_heads=num_heads, lam=lam)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    return head


def looped(head, image):
    """(D, H, W) -> (L,) logits, one place at a time."""
    places = image.flatten(1).T
    logits = []
    for label in range(3):
        total = 0.0
        for row, temperature in zip(
            head.outputs["weight"][label], TEMPERATURES[head.num_heads], strict=True
        ):
            scores = [(row @ place / row.norm()).item() for place in places]
            if temperature == 99:
                attended = max(scores)
            else:
                powers = [torch.tensor(temperature * s).exp().item() for s in scores]
                attended = sum(p * s for p, s in zip(powers, scores, strict=True)) / sum(powers)
            total += sum(scores) / len(scores) + head.lam * attended
        gain, bias = head.outputs["gain"][label], head.outputs["bias"][label]
        logits.append((gain.exp() * total + bias).item())
    return torch.tensor(logits)


@pytest.mark.parametrize("num_heads", TEMPERATURES)
def test_it_is_what_a_loop_over_labels_heads_and_places_gives(num_heads):
    head = stirred(num_heads, lam=0.4)
    features = torch.randn(2, 6, 3, 4)
    expected = torch.stack([looped(head, image) for image in features])
    torch.testing.assert_close(head(features), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("num_heads", [1, 4])
def test_a_map_holds_the_logits_of_each_place_alone(num_heads):
    head = stirred(num_heads, lam=0.3)
    features = torch.randn(2, 6, 3, 4)
    maps = head.maps(features)
    assert maps.shape == (2, 3, 3, 4)
    for y in range(3):
        for x in range(4):
            alone = head(features[:, :, y : y + 1, x : x + 1])
            torch.testing.assert_close(maps[:, :, y, x], alone)


def test_without_attention_the_mean_of_the_maps_is_the_logit():
    head = stirred(2, lam=0.0)
    features = torch.randn(2, 6, 3, 4)
    torch.testing.assert_close(head.maps(features).mean((2, 3)), head(features))


def test_the_length_of_a_row_means_nothing():
    head = stirred(2, lam=0.3)
    features = torch.randn(2, 6, 3, 4)
    before = head(features)
    with torch.no_grad():
        head.outputs["weight"] *= 7
    torch.testing.assert_close(head(features), before, atol=1e-4, rtol=1e-4)


def test_rows_of_zeros_are_answered_and_learn():
    head = Csra(6, 3)
    with torch.no_grad():
        head.outputs["weight"].zero_()
    logits = head(torch.randn(2, 6, 3, 4))
    assert torch.equal(logits, torch.zeros(2, 3))
    logits.sum().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in head.parameters())


def test_attention_sees_what_fills_little_of_an_image():
    head = Csra(6, 3, num_heads=1, lam=0.5)
    averaging = Csra(6, 3, num_heads=1, lam=0.0)
    averaging.load_state_dict(head.state_dict())
    empty = torch.zeros(1, 6, 8, 8)
    small = empty.clone()
    small[0, :, 2, 5] = 8 * head.outputs["weight"][1, 0].detach()
    gained, averaged = (h(small)[0, 1] - h(empty)[0, 1] for h in (head, averaging))
    assert averaged.item() == pytest.approx(8 / 64, rel=1e-3)
    assert gained > 20 * averaged

"""Augmentation: one draw a seed, nothing else changed."""

import numpy as np
import pytest
import torch
from PIL import Image

from polyhead.augment import Augmentation, to_tensor
from polyhead.augment.colour import mean_colour, recolour

SIZE = (48, 64)


def shown(augmentation, pixels, seed):
    """The image alone, as a tensor."""
    return augmentation(pixels, {}, seed)[0]


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)


def test_shape_and_type_are_kept(pixels):
    found = shown(Augmentation({}), pixels, 3)
    assert found.shape == (3, *SIZE)
    assert found.dtype == torch.uint8
    assert found.is_contiguous()


def test_a_seed_is_a_draw(pixels):
    first, second = Augmentation({}), Augmentation({})
    draws = [shown(first, pixels, seed) for seed in range(8)]
    torch.rand(5)
    again = [shown(second, pixels, seed) for seed in reversed(range(8))]
    assert all(torch.equal(a, b) for a, b in zip(draws, reversed(again), strict=True))
    assert len({d.numpy().tobytes() for d in draws}) == 8


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**63 - 1])
def test_any_seed_of_63_bits_will_do(pixels, seed):
    Augmentation({})(pixels, {}, seed)


def test_no_generator_is_touched(pixels):
    torch.manual_seed(5)
    before, seed = torch.get_rng_state(), torch.initial_seed()
    state = np.random.get_state(legacy=False)
    Augmentation({}, cuts=True, rotate=5)(pixels, {}, 7)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.initial_seed() == seed
    after = np.random.get_state(legacy=False)
    assert str(after) == str(state)


def test_the_generators_of_accelerators_are_not_touched(pixels, monkeypatch):
    def refuse(seed):
        raise AssertionError("seeded an accelerator")

    monkeypatch.setattr(torch.cuda, "manual_seed_all", refuse)
    with pytest.raises(AssertionError, match="seeded an accelerator"):
        torch.manual_seed(0)
    Augmentation({}, cuts=True, rotate=5)(pixels, {}, 7)


def test_the_image_is_not_touched(pixels):
    before = pixels.copy()
    Augmentation({}, cuts=True, rotate=5)(pixels, {}, 7)
    tensor = to_tensor(pixels)
    tensor.zero_()
    assert np.array_equal(pixels, before)


def test_a_tensor_holds_the_same_pixels_channels_first(pixels):
    assert np.array_equal(to_tensor(pixels).permute(1, 2, 0).numpy(), pixels)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1)])
def test_read_only_and_tiny_images_become_tensors(size):
    pixels = np.frombuffer(bytes(size[0] * size[1] * 3), np.uint8).reshape(*size, 3)
    assert to_tensor(pixels).shape == (3, *size)


def test_most_of_the_image_stays_in_view(pixels):
    flat = np.full_like(pixels, 128)
    draws = torch.stack([shown(Augmentation({}), flat, seed) for seed in range(20)]).float()
    assert 128 * 0.5 < draws.mean() < 128 * 1.5
    assert draws.std((1, 2, 3)).max() == 0


@pytest.mark.parametrize("factors", [(1.25, 1, 1), (1, 0.75, 1), (1, 1, 0.75), (0.8, 1.2, 1.2)])
def test_recolouring_is_the_formula(pixels, factors):
    brightness, contrast, saturation = factors
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    saturated = saturation * pixels + (1 - saturation) * grey[..., None]
    expected = brightness * (contrast * saturated + (1 - contrast) * grey.mean())
    image = Image.fromarray(pixels)
    found = np.asarray(recolour(image, mean_colour(image), *factors), float)
    assert np.abs(found - expected.clip(0, 255)).max() < 1.1


def test_half_of_the_draws_are_mirrored_and_all_show_most_of_the_image():
    ramp = np.broadcast_to(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], (*SIZE, 3))
    draws = torch.stack(
        [shown(Augmentation({}, cuts=True, scale=1), ramp.copy(), seed) for seed in range(200)]
    ).float()
    rise = draws[..., -1].mean((1, 2)) - draws[..., 0].mean((1, 2))
    assert 70 < int((rise < 0).sum()) < 130
    assert rise.abs().min() > 255 * 0.8 * 0.75 * 0.75 * 0.75


@pytest.mark.parametrize(
    "wrong", [{"crop": 0}, {"crop": 1.1}, {"scale": -1}, {"rotate": 45}, {"colour": 1}]
)
def test_a_parameter_out_of_range_is_named(wrong):
    with pytest.raises(ValueError, match=f"`{next(iter(wrong))}` should be"):
        Augmentation({}, **wrong)


def test_everything_can_be_switched_off(pixels):
    plain = Augmentation({}, flip=False, crop=1, scale=1, colour=0)
    assert all(torch.equal(shown(plain, pixels, seed), to_tensor(pixels)) for seed in range(5))

"""timm models as backbones: maps of any kind of model, normalised pixels, clear refusals."""

import copy
from typing import Any

import pytest
import timm
import torch

from polyhead.backbones import Backbone, weights_licence
from polyhead.errors import ConfigError

IMAGENET_MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
IMAGENET_STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def build(name: str, size=(64, 64)) -> Backbone:
    return Backbone(name, pretrained=False, image_size=size).eval()


def pixels(*size: int, num_images: int = 2) -> torch.Tensor:
    return torch.randint(0, 256, (num_images, 3, *size), dtype=torch.uint8)


@pytest.mark.parametrize(
    ("name", "size", "channels", "map_size"),
    [
        ("tf_efficientnet_lite0", (64, 96), 1280, (2, 3)),
        ("resnet18", (64, 96), 512, (2, 3)),
        ("resnet18", (65, 33), 512, (3, 2)),
        ("mobilenetv3_small_050", (64, 64), 288, (2, 2)),
        ("convnext_atto", (64, 64), 320, (2, 2)),
        ("vit_tiny_patch16_224", (64, 96), 192, (4, 6)),
        pytest.param(
            "swin_tiny_patch4_window7_224",
            (64, 64),
            768,
            (2, 2),
            # timm's, while it resizes position tables
            marks=pytest.mark.filterwarnings("ignore::UserWarning:timm"),
        ),
    ],
)
def test_every_kind_of_model_gives_a_map(name, size, channels, map_size):
    backbone = build(name, size)
    with torch.no_grad():
        features = backbone(pixels(*size)).final
    assert backbone.num_features == channels
    assert features.shape == (2, channels, *map_size)
    assert features.dtype == torch.float32


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("tf_efficientnet_lite0", {4: 24, 8: 40, 16: 112, 32: 320}),
        ("resnet18", {4: 64, 8: 128, 16: 256, 32: 512}),
        ("vgg11", {4: 256, 8: 512, 16: 512, 32: 512}),
        ("vit_tiny_patch16_224", {16: 192}),
    ],
)
def test_the_pyramid_has_a_map_a_stride_and_leaves_the_last_map_as_it_is(name, channels):
    size = (64, 96)
    plain = build(name, size)
    backbone = Backbone(name, pretrained=False, image_size=size, strides=(4, 8, 16, 32)).eval()
    backbone.load_state_dict(plain.state_dict(), strict=True)
    images = pixels(*size)
    with torch.no_grad():
        features = backbone(images)
        torch.testing.assert_close(features.final, plain(images).final)
    assert backbone.channels == channels
    for stride, level in features.pyramid.items():
        assert level.shape == (2, channels[stride], 64 // stride, 96 // stride)


def test_a_backbone_without_the_strides_is_refused():
    with pytest.raises(ConfigError, match=r"feature maps of stride 16; .* expected one of 4, 8"):
        Backbone("vit_tiny_patch16_224", pretrained=False, image_size=(64, 64), strides=(4, 8))


def test_channels_lie_last_where_that_is_fast():
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert build("tf_efficientnet_lite0").memory_format(cpu) == torch.channels_last
    assert build("vgg11", (64, 64)).memory_format(cpu) == torch.contiguous_format
    assert build("vgg11", (64, 64)).memory_format(gpu) == torch.channels_last


def test_a_vision_transformer_gives_its_patch_tokens_in_place():
    backbone = build("vit_tiny_patch16_224", (64, 96))
    images = pixels(64, 96)
    with torch.no_grad():
        tokens = backbone.model.forward_features((images / 255 - 0.5) / 0.5)[:, 1:]
        found = backbone(images).final.flatten(2).transpose(1, 2)
    torch.testing.assert_close(found, tokens, rtol=1e-4, atol=1e-4)


def test_lite_pixels_are_normalised_by_127_and_128():
    backbone = build("tf_efficientnet_lite0")
    seen = []
    backbone.model.conv_stem.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    images = torch.tensor([0, 127, 255], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 64, 64)
    backbone(images)
    assert torch.equal(seen[0][0, :, 0, 0], torch.tensor([-127 / 128, 0.0, 1.0]))


def test_other_pixels_are_normalised_as_timm_trained_them():
    backbone = build("resnet18")
    seen = []
    backbone.model.conv1.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    images = pixels(64, 64)
    backbone(images)
    torch.testing.assert_close(seen[0], (images / 255 - IMAGENET_MEAN) / IMAGENET_STD)


def test_parts_that_the_features_never_pass_are_dropped():
    backbone = build("vgg11")
    assert sum(p.numel() for p in backbone.parameters()) < 10e6
    assert backbone.num_features == 512
    whole: Any = timm.create_model("vgg11", pretrained=False).eval()
    own = backbone.model.state_dict()
    whole.load_state_dict(own | {k: v for k, v in whole.state_dict().items() if k not in own})
    images = pixels(64, 64)
    with torch.no_grad():
        expected = whole.forward_features((images / 255 - IMAGENET_MEAN) / IMAGENET_STD)
        torch.testing.assert_close(backbone(images).final, expected)


def test_gradients_reach_every_parameter():
    backbone = build("tf_efficientnet_lite0").train()
    backbone(pixels(64, 64)).final.square().mean().backward()
    assert all(parameter.grad is not None for parameter in backbone.parameters())


def test_building_leaves_training_mode_and_statistics_alone():
    backbone = Backbone("resnet18", pretrained=False, image_size=(64, 64))
    assert all(module.training for module in backbone.modules())
    assert backbone.model.bn1.num_batches_tracked == 0


def test_states_and_copies_are_equal():
    one, other = build("resnet18"), build("resnet18")
    other.load_state_dict(one.state_dict(), strict=True)
    images = pixels(64, 64)
    assert torch.equal(one(images).final, other(images).final)
    assert torch.equal(copy.deepcopy(one)(images).final, one(images).final)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet81", 'Did you mean "resnet18"'),
        ("tf_efficientnet_lite", 'Did you mean "tf_efficientnet_lite'),
        ("resnet18.no_such_tag", 'no weights "no_such_tag"'),
        ("hf-hub:somebody/something", "is not a timm model"),
        ("", "is not a timm model"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name, expected):
    with pytest.raises(ConfigError, match=expected):
        Backbone(name, pretrained=False, image_size=(64, 64))


def test_a_model_without_weights_is_refused_only_when_they_are_wanted():
    name = next(n for n in timm.list_models() if not timm.is_model_pretrained(n))
    with pytest.raises(ConfigError, match="has no pretrained weights"):
        Backbone(name, pretrained=True, image_size=(64, 64))


@pytest.mark.parametrize("error", [OSError("offline\nmore"), RuntimeError("no such file")])
def test_weights_that_cannot_be_had_are_refused_with_the_fix(monkeypatch, error):
    def offline(*_, **__):
        raise error

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(ConfigError) as found:
        Backbone("resnet18", pretrained=True, image_size=(64, 64))
    assert found.value.exit_code == 2
    assert "\n" not in found.value.message
    for mend in ("connect once", "tf_efficientnet_lite0", "model.pretrained=false"):
        assert mend in found.value.message


@pytest.mark.parametrize(("name", "size"), [("vgg11", 16), ("mixer_s32_224", 64)])
def test_a_size_that_does_not_fit_the_model_is_refused(name, size):
    with pytest.raises(ConfigError, match=f"cannot take images of {size}x{size} pixels"):
        build(name, (size, size))


def test_licences_of_weights_are_those_that_timm_records():
    assert weights_licence("tf_efficientnet_lite0") == "apache-2.0"
    assert weights_licence("convnextv2_tiny") == "cc-by-nc-4.0"
    assert weights_licence("no_such_backbone") == "unknown"

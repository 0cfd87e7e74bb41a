"""Weights without what an earlier fit made of their losses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from polyhead.network import Network
from polyhead.network.network import PREFIX


def uncalibrated(
    network: Network, tasks: Iterable[str], tensors: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """The same tensors, the calibration of some tasks set back to doing nothing.

    A calibration belongs to the weights that it was fitted for: others start from the inverse link
    of their loss alone.

    Args:
        network: Whose losses they are.
        tasks: The tasks whose calibration is reset.
        tensors: Name in the network to tensor; not all have to be there.
    """
    neutral: dict[str, float] = {}
    for task in tasks:
        loss, own = network.loss(task), f"losses.{PREFIX}{task}."
        neutral |= {own + key: value for key, value in loss.neutral_calibration.items()}
    return {
        name: torch.full_like(tensor, neutral[name]) if name in neutral else tensor
        for name, tensor in tensors.items()
    }

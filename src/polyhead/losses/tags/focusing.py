"""Focusing by (1−p)^γ: its effect on a loss and on its slope, in logarithms."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

WIDEST = 80.0  # where e^−z is still a normal number of fp32


def focused(logits: Tensor, gamma: float) -> Tensor:
    """(1−p)^γ·softplus(−z): the cost of a positive; that of a negative is `focused(-z, gamma)`.

    The power is an exponential of a logarithm, whose gradient is finite where 1−p is 0.
    """
    return (gamma * logsigmoid(-logits)).exp() * softplus(-logits)


def steepening(logits: Tensor, gamma: float) -> Tensor:
    """The gradient of the power, as a term in the logarithm of the slope of `focused`.

    log1p(γ·e^z·softplus(−z)), from 0 for low logits to log(1+γ) for high ones.
    """
    # e^z·softplus(−z) is 1 to fp32 long before e^z overflows.
    z = logits.clamp(max=WIDEST)
    return torch.log1p(gamma * torch.exp(z) * softplus(-z))


def log_slope(logits: Tensor, gamma: float) -> Tensor:
    """Logarithm of −d/dz of `focused`: (γ+1)·log(1−p) + steepening."""
    return (gamma + 1) * logsigmoid(-logits) + steepening(logits, gamma)

"""Averaged weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class ExponentialAverage:
    """θ̄ ← d·θ̄ + (1−d)·θ after every step, d = min(decay, (1+n)/(10+n)) after n steps.

    The growing decay forgets the start quickly, so that short runs gain as well. Running
    statistics are averaged like weights; whole-number buffers are copied. A step that would bring
    in a non-finite value is refused by `update`'s caller, so that one bad step cannot poison it.

    Args:
        network: What to average.
        decay: The largest d.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay, self.num_updates = decay, 0
        self._state = {key: t.detach().clone() for key, t in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take in the weights after one step."""
        decay = min(self.decay, (1 + self.num_updates) / (10 + self.num_updates))
        self.num_updates += 1
        current = network.state_dict()
        for key, averaged in self._state.items():
            if averaged.is_floating_point():
                averaged.lerp_(current[key], 1 - decay)
            else:
                averaged.copy_(current[key])

    def state_dict(self) -> dict[str, Tensor]:
        """The averaged weights, under the network's keys."""
        return self._state

    def load(self, state: Mapping[str, Tensor], num_updates: int) -> None:
        """Continue from saved averages."""
        self.num_updates = num_updates
        for key, tensor in self._state.items():
            tensor.copy_(state[key])

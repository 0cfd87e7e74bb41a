"""Heads that are fitted in one pass over the training part, without gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from polyhead.heads import ClosedFormHead
from polyhead.loading.batches import Batches
from polyhead.network import Network
from polyhead.network.network import PREFIX


def fitted_heads(network: Network) -> dict[str, ClosedFormHead]:
    """Task name to head, of the heads without gradients."""
    heads = {name: network.head(name) for name in network.tasks}
    return {name: head for name, head in heads.items() if isinstance(head, ClosedFormHead)}


class Fitting:
    """A pass over the training part, unaugmented, that fits heads to the features as they are.

    What it finds follows from data and weights alone, so that a resumed run finds the same.

    Args:
        names: Tasks whose heads are fitted.
        batches: The training part with the targets of these tasks.
        num_rows: Of the training part.

    Attributes:
        batches: The argument.
        num_rows: The argument.
    """

    def __init__(self, names: Sequence[str], batches: Batches, num_rows: int) -> None:
        self._names, self.batches, self.num_rows = list(names), batches, num_rows

    def run(self, network: Network) -> Iterator[int]:
        """Fit the heads of a network by its own features.

        Args:
            network: Left in evaluation mode, on its device.

        Yields:
            The number of images of each batch, after it was observed.
        """
        network.eval()
        device = next(network.parameters()).device
        heads = {name: head for name, head in fitted_heads(network).items() if name in self._names}
        for batch in self.batches:
            with torch.inference_mode():
                features = network.backbone(batch.images.to(device)).final
            for name, head in heads.items():
                head.observe(features, batch.targets[name], batch.known[name])
            yield len(batch.rows)
        for head in heads.values():
            head.fit()

    def copy_to(self, fitted: Network, *states: Mapping[str, Tensor]) -> None:
        """Copy the fitted tensors into other states.

        Args:
            fitted: The network after `run`.
            states: Name in the network to tensor, to be overwritten.
        """
        own = tuple(f"heads.{PREFIX}{name}." for name in self._names)
        for key, tensor in fitted.state_dict().items():
            if key.startswith(own):
                for state in states:
                    state[key].copy_(tensor)

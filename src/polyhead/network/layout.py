"""Memory format of weights."""

from __future__ import annotations

from itertools import chain

from polyhead.heads import Fpn, SpatialHead
from polyhead.network.network import Network


def lay_out(network: Network) -> None:
    """Lay four-dimensional weights out as convolutions are fastest on the device they are on.

    The neck decides for itself and the heads that read its pyramid, the backbone for the rest.
    """
    device = next(network.parameters()).device
    spatial = {
        tensor
        for module in network.modules()
        if isinstance(module, Fpn | SpatialHead)
        for tensor in chain(module.parameters(), module.buffers())
    }
    for tensor in chain(network.parameters(), network.buffers()):
        if tensor.ndim == 4:
            reader = Fpn if tensor in spatial else network.backbone
            tensor.data = tensor.data.contiguous(memory_format=reader.memory_format(device))

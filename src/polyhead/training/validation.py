"""A pass over held-out rows: dense outputs of every task, beside their targets."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from polyhead.network import Network
from polyhead.progress import Advance
from polyhead.structures import Batch

DenseArrays = dict[str, dict[str, np.ndarray]]


def gather_dense(
    network: Network, batches: Iterable[Batch], advance: Advance | None = None
) -> tuple[DenseArrays, dict[str, np.ndarray]]:
    """Dense outputs and targets of all rows, in order.

    Args:
        network: Left in evaluation mode, on its device.
        batches: What to look at.
        advance: Told the number of pictures after each batch.

    Returns:
        Task name to its dense arrays (N, …), and task name to its targets (N, …).
    """
    network.eval()
    device = next(network.parameters()).device
    dense: list[DenseArrays] = []
    targets: list[dict[str, np.ndarray]] = []
    for batch in batches:
        with torch.inference_mode():
            images = batch.images.to(device, memory_format=torch.channels_last)
            out = network.dense(network(images))
        dense.append(
            {
                name: {key: t.cpu().numpy() for key, t in parts.items()}
                for name, parts in out.items()
            }
        )
        targets.append({name: t.numpy() for name, t in batch.targets.items()})
        if advance:
            advance(len(batch.rows), "")
    joined = {
        name: {key: np.concatenate([d[name][key] for d in dense]) for key in dense[0][name]}
        for name in network.tasks
    }
    return joined, {name: np.concatenate([t[name] for t in targets]) for name in network.tasks}

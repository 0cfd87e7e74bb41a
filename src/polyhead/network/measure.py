"""A pass over held-out rows: every task's meter sees its dense outputs beside the targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import torch

from polyhead.loading import Batch
from polyhead.network.network import Network
from polyhead.progress import Advance
from polyhead.tasks import Dense, Meter, Targets, TaskDecider

Observer = Callable[[Dense], None]
"""Takes the dense arrays of one task, batch by batch."""


def measure(
    network: Network,
    batches: Iterable[Batch],
    tasks: Mapping[str, TaskDecider],
    targets: Mapping[str, Targets],
    advance: Advance | None = None,
    *,
    observers: Mapping[str, Observer] | None = None,
) -> dict[str, Meter]:
    """Meters that have seen all rows of the batches, in bounded memory.

    Args:
        network: Left in evaluation mode, on its device.
        batches: What to look at.
        tasks: Their meters are used.
        targets: Task name to the targets of the whole table, as encoded.
        advance: Called with the number of images after each batch.
        observers: Task name to what else looks at its dense arrays.
    """
    network.eval()
    device = next(network.parameters()).device
    meters = {name: task.meter() for name, task in tasks.items()}
    observers = observers or {}
    for batch in batches:
        with torch.inference_mode():
            dense = network.dense(network(batch.images.to(device)))
        rows = batch.rows.numpy()
        for name, meter in meters.items():
            arrays = {key: tensor.cpu().numpy() for key, tensor in dense[name].items()}
            meter.update(arrays, targets[name][rows])
            if name in observers:
                observers[name](arrays)
        if advance:
            advance(len(batch.rows), "")
    return meters


def scoring_deciders(network: Network, tasks: Mapping[str, TaskDecider]) -> dict[str, TaskDecider]:
    """The deciders that score an epoch, with what the losses have learnt about deciding so far.

    Args:
        network: Holds the losses.
        tasks: Deciders before anything was fitted.
    """
    return {name: network.loss(name).scoring_decider(task) for name, task in tasks.items()}

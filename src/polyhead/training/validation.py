"""A pass over held-out rows: every task's meter sees its dense outputs beside the targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import torch

from polyhead.loading import Batch
from polyhead.losses import Pairwise
from polyhead.network import Network
from polyhead.progress import Advance
from polyhead.tasks import Meter, TagsTask, Targets, Task


def measure(
    network: Network,
    batches: Iterable[Batch],
    tasks: Mapping[str, Task],
    targets: Mapping[str, Targets],
    advance: Advance | None = None,
) -> dict[str, Meter]:
    """Meters that have seen all rows of the batches, in bounded memory.

    Args:
        network: Left in evaluation mode, on its device.
        batches: What to look at.
        tasks: Their meters are used.
        targets: Task name to the targets of the whole table, as encoded.
        advance: Told the number of pictures after each batch.
    """
    network.eval()
    device = next(network.parameters()).device
    meters = {name: task.meter() for name, task in tasks.items()}
    for batch in batches:
        with torch.inference_mode():
            dense = network.dense(network(batch.images.to(device)))
        rows = batch.rows.numpy()
        for name, meter in meters.items():
            arrays = {key: tensor.cpu().numpy() for key, tensor in dense[name].items()}
            meter.update(arrays, targets[name][rows])
        if advance:
            advance(len(batch.rows), "")
    return meters


def with_fields(network: Network, tasks: Mapping[str, Task]) -> dict[str, Task]:
    """The same tasks, answering by their label fields as learnt so far.

    An epoch is then judged by what its weights will answer with: the log-odds of a label field are
    those of no label by itself. A field too large for exact marginals is left out, whose belief
    propagation would take seconds a thousand pictures. So is the decoder, on which no score of an
    epoch depends: labels are those at ½ and more.

    Args:
        network: Holds what the fields learnt.
        tasks: As settled, before any decision is fitted.
    """
    return {name: _with_field(network, name, task) for name, task in tasks.items()}


def _with_field(network: Network, name: str, task: Task) -> Task:
    if not isinstance(task, TagsTask):
        return task
    decision, loss = replace(task.decision, decoder="marginals"), network.loss(name)
    if isinstance(loss, Pairwise):
        field = loss.field(decision.rules)
        decision = replace(decision, field=field) if field.is_exact else decision
    return replace(task, decision=decision)

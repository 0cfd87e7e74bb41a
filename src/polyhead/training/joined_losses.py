"""Losses that need the outputs for all images of a step at once, though batches come one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from polyhead.loading import Batch
from polyhead.losses import Loss


@dataclass(frozen=True)
class JoinedLoss:
    """One batch's part of a loss over the images of the whole step.

    Attributes:
        gradient: Of the step's sum with respect to the head's outputs for this batch.
        value: The sum, shared out among the images of the step; no gradient.
    """

    gradient: Tensor
    value: Tensor

    def __call__(self, outputs: Tensor) -> Tensor:
        """A scalar that has this value, and this gradient with respect to the outputs."""
        product = (outputs.float() * self.gradient).sum()
        return self.value + product - product.detach()


def join_losses(
    model: nn.Module, batches: Sequence[Batch], losses: Mapping[str, Loss]
) -> list[dict[str, JoinedLoss]]:
    """For each batch of a step, the losses that join the images of all: task name to its part.

    Where a step is one batch of one process, there is nothing to join. Else a first pass without
    gradients gathers the outputs of all batches, on all devices; in the second pass, the usual one,
    the gradient found represents the loss. So memory stays that of one batch, and the step is that
    of the larger batch. Both passes draw the same random numbers, and the first leaves running
    statistics as they were. Source: Gao et al., *Scaling deep contrastive learning batch size under
    memory limited setup* (gradient cache), 2021.

    Args:
        model: The network in training mode.
        batches: On its device.
        losses: Task name to loss, of all tasks.
    """
    names = [name for name, loss in losses.items() if loss.joins_images]
    parts: list[dict[str, JoinedLoss]] = [{} for _ in batches]
    if not names or (len(batches) == 1 and not _is_distributed()):
        return parts
    outputs = _first_pass(model, batches)
    for name in names:
        own = [found[name].float().requires_grad_() for found in outputs]
        cells = [batch.targets[name] for batch in batches], [b.known[name] for b in batches]
        value = losses[name](*_with_others(torch.cat(own), *map(torch.cat, cells)))
        gradients = torch.autograd.grad(value, own)
        for part, gradient in zip(parts, gradients, strict=True):
            share = len(gradient) / sum(map(len, gradients))
            part[name] = JoinedLoss(gradient, share * value.detach())
    return parts


def _first_pass(model: nn.Module, batches: Sequence[Batch]) -> list[dict[str, Tensor]]:
    kept = {name: buffer.clone() for name, buffer in model.named_buffers()}
    with torch.random.fork_rng(), torch.no_grad():
        found = [model(batch.images) for batch in batches]
    for name, buffer in model.named_buffers():
        buffer.copy_(kept[name])
    return found


def _is_distributed() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def _with_others(*own: Tensor) -> list[Tensor]:
    """The same tensors with the rows of all devices, in the order of the devices."""
    if not _is_distributed():
        return list(own)
    gathered: list[Sequence[Tensor]] = [()] * distributed.get_world_size()
    distributed.all_gather_object(gathered, [tensor.detach().cpu() for tensor in own])
    device = own[0].device
    everything = [[tensor.to(device) for tensor in part] for part in gathered]
    everything[distributed.get_rank()] = list(own)  # which alone leads back to the outputs
    return [torch.cat(tensors) for tensors in zip(*everything, strict=True)]

"""The share of each task in the gradient of the shared backbone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from polyhead.loading import Batch
from polyhead.network import Network
from polyhead.objective import Objective, StepTotals

STARVED = 0.25  # of an even share


def gradient_shares(
    network: Network, objective: Objective, batches: Iterable[Batch]
) -> dict[str, float]:
    """Each task's share of the gradient in the backbone: g_t / Σ g.

    g_t is the norm of λ_t·∂L_t/∂θ over the backbone's parameters θ, the root of the mean square
    over batches. One forward pass a batch and one backward pass a task; in evaluation mode, so
    that nothing is drawn at random and no statistics move.

    Args:
        network: Left in evaluation mode.
        objective: Of all tasks that learn.
        batches: A few, on the network's device.

    Returns:
        Task name to its share; empty where the backbone is frozen, one task learns alone or no
        batch knows anything.
    """
    parameters = [p for p in network.backbone.parameters() if p.requires_grad]
    if not parameters or len(objective.losses) < 2:
        return {}
    network.eval()
    squares = dict.fromkeys(objective.losses, 0.0)
    for batch in batches:
        for name, value in _losses(network, objective, batch).items():
            found = torch.autograd.grad(value, parameters, retain_graph=True, allow_unused=True)
            squares[name] += sum(float(g.square().sum()) for g in found if g is not None)
    total = sum(square**0.5 for square in squares.values())
    if not 0 < total < float("inf"):
        return {}
    return {name: square**0.5 / total for name, square in squares.items()}


def _losses(network: Network, objective: Objective, batch: Batch) -> dict[str, Tensor]:
    """Each task's term of the objective, where anything is known."""
    outputs = network(batch.images)
    found = {}
    for name in objective.losses:
        alone = objective.only(name)
        step = StepTotals.split(len(batch.rows), alone.totals(batch.targets, batch.known))
        value, _ = alone(outputs, batch.targets, batch.known, step)
        if value.requires_grad:
            found[name] = value
    return found


def shares_line(shares: Mapping[str, float], weights: Mapping[str, float]) -> str:
    """The shares for the eye, and what to do where a task has hardly any.

    Args:
        shares: As found.
        weights: Task name to its factor λ.
    """
    listed = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    line = f"share of the gradient in the shared backbone: {listed}"
    even = 1 / len(shares)
    for name, share in shares.items():
        if share < STARVED * even:
            weight = weights[name] * min(even / share, 100.0) if share else weights[name]
            line += (
                f"\n  {name} hardly moves the backbone; if its figure stays poor, raise its weight "
                f"(--set tasks.{name}.weight={weight:.2g}, now {weights[name]:g})"
            )
    return line

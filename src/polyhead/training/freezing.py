"""Parts of the network that keep their weights while the rest learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from polyhead.checkpoints.start_weights import StartWeights
from polyhead.config import Config
from polyhead.heads import SpatialHead
from polyhead.network import Network


@dataclass(frozen=True)
class Freezing:
    """Parts that neither learn nor gather statistics.

    Attributes:
        backbone: Whether it is frozen throughout.
        heads: Tasks whose heads are.
        levels: Strides of the neck's levels that are; those that start from scratch have to learn.
    """

    backbone: bool = False
    heads: frozenset[str] = frozenset()
    levels: frozenset[int] = frozenset()

    @classmethod
    def of(cls, config: Config, network: Network, start: StartWeights | None) -> Self:
        """The parts that a config freezes, as far as there are weights to keep."""
        heads = frozenset(name for name, task in config.tasks.items() if task.freeze)
        kept = start.tensors if start and config.model.freeze else {}
        strides = network.neck.strides if network.neck is not None else ()
        levels = frozenset(stride for stride in strides if f"neck.laterals.{stride}.weight" in kept)
        return cls(config.model.freeze, heads, levels)

    def apply(self, network: Network, *, backbone: bool = False) -> None:
        """Set a network to train but for what is frozen.

        Args:
            network: To be trained.
            backbone: Whether to freeze the backbone for now in any case.
        """
        network.train()
        frozen = self.backbone or backbone
        network.backbone.train(not frozen).requires_grad_(not frozen)
        for name in self.heads:
            network.head(name).eval().requires_grad_(False)
        if network.neck is not None:
            for stride in self.levels:
                network.neck.laterals[str(stride)].requires_grad_(False)
                network.neck.smooth[str(stride)].requires_grad_(False)

    def is_fixed(self, network: Network, task: str) -> bool:
        """Whether a task's answers cannot change: nothing that they depend on learns.

        Coarse levels of the neck are added to finer ones, and never the other way round.
        """
        head = network.head(task)
        if not self.backbone or task not in self.heads:
            return False
        if network.neck is None or not isinstance(head, SpatialHead):
            return True
        learning = set(network.neck.strides) - self.levels
        return all(stride < head.strides[0] for stride in learning)

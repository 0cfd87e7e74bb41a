"""The base class of heads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from torch import Tensor, nn


class Head(nn.Module, ABC):
    """One task's layers on the shared features.

    Positional arguments of every head are the number of feature channels D and the number of
    outputs L, and for heads that read the pyramid its strides; options are keywords.

    Attributes:
        reads: `final` for the backbone's last map, (B, D, H', W') -> logits (B, L); `pyramid` for
            the neck's maps of every stride, as in `SpatialHead`.
        task_types: The task types that it answers; none named: all those of whole images.
        class_layers: Names of the layers whose rows are the outputs, one for each class in their
            order, so that rows can be taken over by the names of the classes.
    """

    reads: ClassVar[Literal["final", "pyramid"]] = "final"
    task_types: ClassVar[tuple[str, ...]] = ()
    class_layers: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def start_at(self, logits: Tensor) -> None:
        """Set the last bias to (L,) logits, so that training starts from the class priors."""

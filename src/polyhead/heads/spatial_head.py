"""The base class of heads that predict per place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor

from polyhead.heads.head import Head

STRIDES = (4, 8, 16, 32)  # of the whole pyramid, finest first


class SpatialHead(Head, ABC):
    """A head that reads the neck's pyramid: positional arguments D, L and the strides it reads.

    Attributes:
        strides: Of the maps it reads, finest first.
    """

    reads = "pyramid"
    strides: tuple[int, ...]

    @classmethod
    def strides_for(cls, image_size: tuple[int, int]) -> tuple[int, ...]:
        """The strides it reads, finest first, as far as the backbone has them.

        Args:
            image_size: Height and width of the network's input.
        """
        del image_size
        return STRIDES

    @abstractmethod
    def forward(
        self, pyramid: Mapping[int, Tensor], image_size: tuple[int, int]
    ) -> Tensor | dict[str, Tensor]:
        """The outputs that the head's losses read.

        Args:
            pyramid: Stride to (B, D, h, w); may hold more strides than it reads.
            image_size: Height and width of the network's input.
        """

"""What every head means, in one forward: the module that engines run and export traces."""

from __future__ import annotations

from torch import Tensor, nn

from polyhead.network.network import Network


class DenseNetwork(nn.Module):
    """The network as users of a model see it: pixels in, probabilities and boxes out.

    Permutation, normalisation, inverse links, calibration and the decoding of boxes are inside.

    Args:
        network: Left in evaluation mode.

    Shapes:
        images (B, H, W, 3) uint8 -> task name to dense arrays by name, each (B, …).
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network.eval()

    def forward(self, images: Tensor) -> dict[str, dict[str, Tensor]]:
        """Dense arrays of every task."""
        return self.network.dense(self.network(images.permute(0, 3, 1, 2)))

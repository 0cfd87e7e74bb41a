"""The network: shared backbone, heads, and what its logits mean."""

from polyhead.network.build import build_network, check_components
from polyhead.network.dense_network import DenseNetwork
from polyhead.network.network import Network

__all__ = ["DenseNetwork", "Network", "build_network", "check_components"]

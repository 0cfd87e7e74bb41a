"""The network: shared backbone, heads, and what its logits mean."""

from polyhead.network.build import build_network, check_components
from polyhead.network.network import Network

__all__ = ["Network", "build_network", "check_components"]

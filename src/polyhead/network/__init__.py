"""The network: shared backbone, heads, and what its logits mean."""

from polyhead.network.build import build_network, check_components, count_labels
from polyhead.network.load import LoadedRun, TorchEngine, load_predictor, load_run
from polyhead.network.network import Network

__all__ = [
    "LoadedRun",
    "Network",
    "TorchEngine",
    "build_network",
    "check_components",
    "count_labels",
    "load_predictor",
    "load_run",
]

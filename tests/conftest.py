"""What every test starts from: fixed seeds, one thread, no network, a cache of its own."""

import os
import random
import socket
import sys

import numpy as np
import pytest
from hypothesis import settings

# Threads of tiny networks wait for each other far longer than they work on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"  # read once, when the hub's client is imported
# A shared machine may pause any test, hence no deadline; 40 examples, of which a sweep has dozens.
settings.register_profile("polyhead", deadline=None, max_examples=40)
settings.load_profile("polyhead")


@pytest.fixture(autouse=True)
def _seeds():
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:  # a test of a room without torch should not pay for it
        torch = sys.modules["torch"]
        torch.set_num_threads(1)
        torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("POLYHEAD_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    connect = socket.socket.connect

    def guarded(self, address):
        local = self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1", "localhost")
        if not local:
            raise AssertionError(f"a test reached for the network: {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    """A folder of tiny street scenes; not to be changed."""
    from tiny_runs import render

    return render(tmp_path_factory.mktemp("tiny") / "scenes")


@pytest.fixture(scope="session")
def trained(scenes, tmp_path_factory):
    """A finished run on them; not to be changed."""
    from tiny_runs import QUIET, tiny_config

    from polyhead.training import train

    return train(tiny_config(scenes), runs=tmp_path_factory.mktemp("runs"), reporter=QUIET)

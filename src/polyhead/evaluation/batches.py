"""Images of a table, as a run sees them when it answers."""

from __future__ import annotations

import numpy as np

from polyhead.checkpoints import LoadedRun
from polyhead.loading.batches import Batches, in_order, load_batches
from polyhead.table import Table

BATCH_SIZE = 32


def batches_in_order(loaded: LoadedRun, table: Table, rows: np.ndarray) -> Batches:
    """Some rows of a table, in their order, without targets."""
    device = next(loaded.network.parameters()).device
    return load_batches(loaded.config, table, in_order(rows.tolist(), BATCH_SIZE), device)

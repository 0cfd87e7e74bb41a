"""Images of a table, as a run sees them when it answers."""

from __future__ import annotations

import numpy as np

from polyhead.checkpoints import LoadedRun
from polyhead.loading.batches import Batches, choose_workers, in_order
from polyhead.loading.dataset import Collate, ImageDataset
from polyhead.runtime.cache_folder import open_cache
from polyhead.table import Table

BATCH_SIZE = 32


def batches_in_order(loaded: LoadedRun, table: Table, rows: np.ndarray) -> Batches:
    """Some rows of a table, in their order, without targets."""
    size, ranges = loaded.config.model.image_size, loaded.config.data.ranges()
    cache = open_cache(table, size, ranges) if loaded.config.data.cache else None
    images = ImageDataset(table, {}, {}, size, cache=cache, ranges=ranges)
    device = next(loaded.network.parameters()).device
    workers = choose_workers(loaded.config.train.workers, device)
    keys = in_order(rows.tolist(), BATCH_SIZE)
    return Batches(images, keys, Collate({}), workers=workers, pin=False)

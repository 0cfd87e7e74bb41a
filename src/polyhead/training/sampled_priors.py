"""The shift that a sampler gives to class and label frequencies, undone in the links."""

from __future__ import annotations

import numpy as np

from polyhead.config import Config
from polyhead.heads import ClosedFormHead
from polyhead.loading.sampler import sampler_of
from polyhead.network import Network
from polyhead.preparation import Prepared


def undo_sampling(network: Network, config: Config, prepared: Prepared) -> None:
    """Have the links of losses undo the shares that the config's sampler shows.

    Frozen heads keep what they were trained with; heads without gradients see each row once.

    Args:
        network: As built, with what it takes over from another run.
        config: The checked config.
        prepared: Checked and split data.
    """
    rows, sampler = prepared.rows("train"), sampler_of(config.train.sampler, prepared)
    expected = np.ones(len(rows)) if sampler is None else sampler.expected
    for name, task in prepared.tasks.items():
        is_fitted = isinstance(network.head(name), ClosedFormHead)
        if not is_fitted and not config.tasks[name].freeze:
            labels = task.label_matrix(prepared.targets[name][rows])
            network.loss(name).undo_sampling(labels, expected)

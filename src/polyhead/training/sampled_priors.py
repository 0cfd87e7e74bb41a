"""The shift that a sampler gives to class and label frequencies, undone in the links."""

from __future__ import annotations

import numpy as np
import torch

from polyhead.config import Config
from polyhead.heads import OnePassHead
from polyhead.loading.sampler import sampler_of
from polyhead.losses import CrossEntropy, Pairwise, TagsLoss
from polyhead.network import Network
from polyhead.preparation import Prepared


def shown_shift(task_type: str, labels: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """By how much a sampler shifts the log-probability of a class, or the log-odds of a label.

    ln(π′/π) of a class and logit(π′) − logit(π) of a label, π its share of the known rows and π′ of
    what is shown of them; 0 where either is 0 or 1.

    Args:
        task_type: `class` or `tags`.
        labels: (M, C) int8: 1 yes, 0 no, -1 unknown.
        expected: (M,) showings of each row.

    Returns:
        (C,) float64.
    """
    known, yes = labels >= 0, labels == 1
    own = np.stack([yes.sum(0), (known & ~yes).sum(0)]).astype(np.float64)
    shown = np.stack([expected @ yes, expected @ (known & ~yes)])
    if task_type == "class":
        own, shown = (parts[:1] / max(parts[0].sum(), 1.0) for parts in (own, shown))
    is_told = (own > 0).all(0)
    ratios = np.log(np.where(is_told, shown, 1) / np.where(is_told, own, 1))
    return ratios[0] if task_type == "class" else ratios[0] - ratios[1]


def undo_sampling(network: Network, config: Config, prepared: Prepared) -> None:
    """Have the links of class and tags losses undo the shares that the config's sampler shows.

    Exact for a class by which alone rows are drawn, and right on average for labels that come
    together. Frozen heads keep what they were trained with; heads without gradients see each row
    once; a field of labels and losses without a link are left to the calibration on validation.

    Args:
        network: As built, with what it takes over from another run.
        config: The checked config.
        prepared: Checked and split data.
    """
    rows, sampler = prepared.rows("train"), sampler_of(config.train.sampler, prepared)
    expected = np.ones(len(rows)) if sampler is None else sampler.expected
    for name, task in prepared.tasks.items():
        loss, is_fitted = network.loss(name), isinstance(network.head(name), OnePassHead)
        if not isinstance(loss, CrossEntropy | TagsLoss):
            continue
        is_linked = isinstance(loss, CrossEntropy) or (
            loss.has_link and not isinstance(loss, Pairwise)
        )
        if is_linked and not is_fitted and not config.tasks[name].freeze:
            labels = task.stratify(prepared.targets[name][rows])
            loss.undo_sampling(torch.from_numpy(shown_shift(task.type, labels, expected)))

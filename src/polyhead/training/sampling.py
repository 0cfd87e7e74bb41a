"""How often an epoch shows each training row, where rare classes are to be seen more often."""

from __future__ import annotations

import numpy as np
import torch

from polyhead.config import Config, SamplerConfig
from polyhead.heads import OnePassHead
from polyhead.losses import CrossEntropy, Pairwise, TagsLoss
from polyhead.network import Network
from polyhead.preparation import Prepared


def repeat_factors(labels: np.ndarray, threshold: float) -> np.ndarray:
    """Repeat-factor sampling: a row is shown as often as its rarest class asks.

    r_i = max over the classes c that row i is known to show of max(1, √(threshold / f_c)), f_c the
    share of the rows known to show c; 1 for a row that is known to show none.
    Source: Gupta et al., *LVIS* (CVPR 2019), where the threshold is .001 of 100,000 pictures.

    Args:
        labels: (M, C) int8: 1 yes, 0 no, -1 unknown.
        threshold: Share of the rows below which a class is rare.

    Returns:
        (M,) factors of at least 1.
    """
    shown = labels == 1
    shares = shown.mean(0)
    factors = np.sqrt(np.maximum(threshold / np.where(shares > 0, shares, 1.0), 1.0))
    return np.where(shown, factors, 1.0).max(axis=1, initial=1.0)


def class_aware_factors(labels: np.ndarray) -> np.ndarray:
    """Class-aware sampling: a class is drawn, each alike, then a picture of it, each alike.

    e_i = M/C · Σ over the classes c that row i is known to show of 1/n_c, n_c the rows known to
    show c. Rows that are known to show none count as one class more, so that they are seen too.
    Source: Shen et al., *Relay backpropagation* (ECCV 2016).

    Args:
        labels: (M, C) int8: 1 yes, 0 no, -1 unknown.

    Returns:
        (M,) expected showings, M in all.
    """
    shown = labels == 1
    groups = np.column_stack([shown, ~shown.any(1)])
    groups = groups[:, groups.any(0)]
    return (groups / groups.sum(0)).sum(1) * len(labels) / groups.shape[1]


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


class Sampler:
    """Draws the rows of an epoch, each as often as expected, rounded up or down by chance.

    The draw is systematic: every epoch has ⌈Σ e_i⌉ rows, and row i comes ⌊e_i⌋ or ⌈e_i⌉ times, all
    e_i scaled up by a hair so that they sum to a whole number.

    Args:
        expected: (M,) showings e_i of each row in an epoch.

    Attributes:
        expected: As given, scaled.
    """

    def __init__(self, expected: np.ndarray) -> None:
        total = float(expected.sum())
        self.num_rows = int(np.ceil(round(total, 6)))
        self.expected = expected * (self.num_rows / total)

    def draw(self, generator: np.random.Generator) -> np.ndarray:
        """(num_rows,) indices of rows, in no order to rely on."""
        shuffled = generator.permutation(len(self.expected))
        ends = self.expected[shuffled].cumsum()[:-1]
        places = np.arange(self.num_rows) + generator.random()
        return shuffled[np.searchsorted(ends, places, side="right")]


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


def sampler_of(keys: SamplerConfig, prepared: Prepared) -> Sampler | None:
    """What the config asks for; None where every row is shown once.

    The classes of all tasks that have any are pooled.

    Args:
        keys: `train.sampler`.
        prepared: Checked and split data.
    """
    if keys.name == "none":
        return None
    rows = prepared.rows("train")
    pooled = np.concatenate(
        [np.zeros((len(rows), 0), np.int8)]
        + [
            task.stratify(prepared.targets[name][rows])
            for name, task in prepared.tasks.items()
            if task.classes
        ],
        axis=1,
    )
    if keys.threshold is None:
        return Sampler(class_aware_factors(pooled))
    return Sampler(repeat_factors(pooled, keys.threshold))

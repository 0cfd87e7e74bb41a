"""Samplers that show rows with rare classes more often in an epoch."""

from __future__ import annotations

import numpy as np

from polyhead.config import SamplerConfig
from polyhead.preparation import Prepared


def repeat_factors(labels: np.ndarray, threshold: float) -> np.ndarray:
    """Repeat-factor sampling: a row is shown as often as its rarest class asks.

    r_i = max over the classes c that row i is known to show of max(1, √(threshold / f_c)), f_c the
    share of the rows known to show c; 1 for a row that is known to show none.
    Source: Gupta et al., *LVIS* (CVPR 2019), where the threshold is .001 of 100,000 images.

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
    """Class-aware sampling: a class is drawn, each alike, then an image of it, each alike.

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


class Sampler:
    """Draws the rows of an epoch, each as often as expected, rounded up or down at random.

    The draw is systematic: every epoch has ⌈Σ e_i⌉ rows, and row i comes ⌊e_i⌋ or ⌈e_i⌉ times, all
    e_i scaled up by a hair so that they sum to a whole number.

    Args:
        expected: (M,) showings e_i of each row in an epoch.

    Attributes:
        expected: The argument, scaled to the number of rows.
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


def sampler_of(keys: SamplerConfig, prepared: Prepared) -> Sampler | None:
    """The sampler of the config; None where every row is shown once.

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
            encoder.label_matrix(prepared.targets[name][rows])
            for name, encoder in prepared.tasks.items()
            if encoder.classes
        ],
        axis=1,
    )
    if keys.threshold is None:
        return Sampler(class_aware_factors(pooled))
    return Sampler(repeat_factors(pooled, keys.threshold))

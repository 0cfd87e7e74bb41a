"""Hill loss."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from polyhead.losses.option_rules import require
from polyhead.losses.precision import full_precision
from polyhead.losses.tags.focusing import focused, log_slope
from polyhead.losses.tags.inversion import invert
from polyhead.losses.tags.pointwise import PointwiseLoss
from polyhead.tasks.statistics import LabelCounts

GAMMA, LAMBDA = 2.0, 1.5  # the link is increasing for no smaller λ
MOST_MARGIN = 1.5  # above it the link falls in places: one probability, several logits
REACH = 20.0


class Hill(PointwiseLoss):
    """y·(1−q)²·softplus(m−z) + (1−y)·(3/2 − p)·p², p = σ(z), q = σ(z−m).

    For labels of which many are missing and recorded as negatives: a negative that the
    network is sure to be a positive pulls little. Its optimum is
    odds = 3p²(1−p)² / {(1−q)²·[(1−q) − 2q·log q]}.
    Source: Zhang et al., *Simple and robust loss design for multi-label learning with missing
    labels*, 2021; the link is its stationarity.

    Args:
        counts: Of the training part.
        margin: m in [0, 1.5], by which a positive should be surer.

    Shapes:
        logits, targets, known (B, L).
    """

    def __init__(self, counts: LabelCounts, *, margin: float = 1.0) -> None:
        super().__init__(len(counts.prior))
        require(0 <= margin <= MOST_MARGIN, "margin", f"between 0 and {MOST_MARGIN}", margin)
        self.margin = margin
        self._prior_logit = torch.logit(torch.from_numpy(counts.prior))

    def cells(self, logits: Tensor, targets: Tensor) -> Tensor:
        """y·ℓ⁺(z−m) + (1−y)·(λ−p)·p²."""
        p = torch.sigmoid(logits)
        no = (LAMBDA - p) * p.square()
        return targets * focused(logits - self.margin, GAMMA) + (1 - targets) * no

    def log_odds(self, logits: Tensor) -> Tensor:
        """Logarithm of the slope of a negative, 3p²(1−p)², over that of a positive."""
        z = full_precision(logits)
        no = math.log(2 * LAMBDA) + 2 * logsigmoid(z) + 2 * logsigmoid(-z)
        return no - log_slope(z - self.margin, GAMMA)

    def initial_logits(self) -> Tensor:
        """Logits of the prior."""
        return invert(self.log_odds, self._prior_logit, REACH)

    def extra_repr(self) -> str:
        """The options."""
        return f"margin={self.margin}"

"""Self-paced loss correction."""

from __future__ import annotations

import torch
from torch import Tensor

from polyhead.losses.option_rules import require
from polyhead.losses.tags.focusing import focused
from polyhead.losses.tags.pointwise import PointwiseLoss
from polyhead.losses.tags.ranked import RankedLoss
from polyhead.tasks.statistics import LabelCounts

GAMMA = 2.0


class Splc(RankedLoss, PointwiseLoss):
    """y·(1−q)²·softplus(m−z) + (1−y)·p²·softplus(z), where negatives with p > τ count as positives.

    p = σ(z), q = σ(z−m). Once the network knows something, a negative with p > τ costs as much as a
    positive without margin, (1−p)²·softplus(−z). For data where an unannotated label may be true:
    this believes the network against the data, so it has no inverse link, and calibrated on such
    data it inherits their gaps.
    Source: Zhang et al., *Simple and robust loss design for multi-label learning with missing
    labels*, 2021, which starts to correct with the second epoch; here after a share of training.

    Args:
        counts: Of the training part.
        tau: τ in (0, 1); .65 suits data with few labels missing.
        margin: m, by which a positive should be surer.
        after: Share in [0, 1] of the training before anything is corrected.

    Shapes:
        logits, targets, known (B, L).
    """

    def __init__(
        self, counts: LabelCounts, *, tau: float = 0.6, margin: float = 1.0, after: float = 0.1
    ) -> None:
        super().__init__(counts)
        require(0 < tau < 1, "tau", "between 0 and 1", tau)
        require(0 <= after <= 1, "after", "in [0, 1]", after)
        self.tau, self.margin, self.after = tau, margin, after
        self._corrects = after == 0

    def set_progress(self, share: float) -> None:
        """Correct from the share `after` on."""
        self._corrects = share >= self.after

    def cells(self, logits: Tensor, targets: Tensor) -> Tensor:
        """y·ℓ⁺(z−m) + (1−y)·ℓ⁻, or ℓ⁺(z) in its place."""
        no = focused(-logits, GAMMA)
        if self._corrects:
            no = torch.where(torch.sigmoid(logits) > self.tau, focused(logits, GAMMA), no)
        return targets * focused(logits - self.margin, GAMMA) + (1 - targets) * no

    def extra_repr(self) -> str:
        """The options."""
        return f"tau={self.tau}, margin={self.margin}, after={self.after}"

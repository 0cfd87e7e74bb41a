"""Zero-bounded log-sum-exp and pairwise rank loss."""

from __future__ import annotations

import torch
from torch import Tensor

from polyhead.losses.tags.ranked import RankedLoss

NEVER = float("-inf")


class Zlpr(RankedLoss):
    """Each row: log(1 + Σ_no e^z) + log(1 + Σ_yes e^−z), over its known labels.

    Every positive should lie above 0 and every negative below, and hard ones pull most; there is
    nothing to set. A soft target weighs e^−z by y and e^z by 1−y. The loss is a mean over rows with
    a known label. The sums tie labels together, so there is no inverse link.
    Source: Su et al., *ZLPR: a novel loss for multi-label classification*, 2022.

    Args:
        counts: Of the training part.

    Shapes:
        logits, targets, known (B, L).
    """

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """Sum over rows."""
        z = torch.where(known, logits.float(), 0.0)
        y = torch.where(known, targets.float(), 0.0)
        no = torch.where(known, torch.log1p(-y), NEVER) + z
        yes = torch.where(known, y.log(), NEVER) - z
        zero = z.new_zeros(len(z), 1)  # which also keeps rows without a yes or a no finite
        both = torch.logsumexp(torch.cat([zero, no], 1), 1)
        return (both + torch.logsumexp(torch.cat([zero, yes], 1), 1)).sum()

    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002
        """Rows with a known label."""
        return known.any(1).sum()

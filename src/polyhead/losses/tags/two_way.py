"""Two-way multi-label loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from polyhead.losses.option_rules import require
from polyhead.losses.tags.ranked import RankedLoss
from polyhead.tasks.statistics import LabelCounts

NEVER = float("-inf")


class TwoWay(RankedLoss):
    """Mean over rows plus mean over columns of softplus(T_n·lse_no(z/T_n) + T_p·lse_yes(−z/T_p)).

    Each row asks that its positives outrank its negatives, each column of the batch that a
    label's positives outrank its negatives. Rows and columns without a known positive and a
    known negative have nothing to compare and are left out, unknown cells by −∞. A soft target
    weighs by y and 1−y. The cost of an image depends on its batch: large ones teach better, and
    there is no inverse link.
    Source: Kobayashi, *Two-way multi-label loss*, 2023, whose mask of −100 lets large logits leak.

    Args:
        counts: Of the training part.
        positive_temperature: T_p.
        negative_temperature: T_n.

    Shapes:
        logits, targets, known (B, L).
    """

    joins_images = True

    def __init__(
        self,
        counts: LabelCounts,
        *,
        positive_temperature: float = 4.0,
        negative_temperature: float = 1.0,
    ) -> None:
        super().__init__(counts)
        for name, value in (
            ("positive_temperature", positive_temperature),
            ("negative_temperature", negative_temperature),
        ):
            require(value > 0, name, "strictly positive", value)
        self.temperatures = positive_temperature, negative_temperature

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """The loss of the batch times its `num_terms`, so that batches of one step add up."""
        z = torch.where(known, logits.float(), 0.0)
        y = torch.where(known, targets.float(), 0.0)
        both = self._mean(z, y, known, 0) + self._mean(z, y, known, 1)
        return both * self.num_terms(targets, known)

    def _mean(self, z: Tensor, y: Tensor, known: Tensor, dim: int) -> Tensor:
        """Mean cost of rows (dim 1) or columns (dim 0) with a positive and a negative."""
        yes, no = known & (y > 0), known & (y < 1)
        kept = yes.any(dim) & no.any(dim)
        # Lines left out have weights of 1: a sum over nothing has no finite gradient.
        lines = kept.unsqueeze(dim)
        yes_weight = torch.where(yes, y.log(), NEVER).where(lines, 0.0)
        no_weight = torch.where(no, torch.log1p(-y), NEVER).where(lines, 0.0)
        positive, negative = self.temperatures
        lowest = torch.logsumexp(yes_weight - z / positive, dim)
        highest = torch.logsumexp(no_weight + z / negative, dim)
        costs = softplus(negative * highest + positive * lowest)
        return torch.where(kept, costs, 0.0).sum() / kept.sum().clamp(min=1)

    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:
        """Rows with a known label, 0 when nothing in the batch can be compared."""
        y = torch.where(known, targets.float(), 0.0)
        yes, no = known & (y > 0), known & (y < 1)
        comparable = [(yes.any(dim) & no.any(dim)).any() for dim in (0, 1)]
        return known.any(1).sum() * torch.stack(comparable).any()

    def extra_repr(self) -> str:
        """The options."""
        positive, negative = self.temperatures
        return f"positive_temperature={positive}, negative_temperature={negative}"

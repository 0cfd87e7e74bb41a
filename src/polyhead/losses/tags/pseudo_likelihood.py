"""Each label's cross-entropy given the others, under rules between them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from polyhead.field import Rules

CERTAIN = 100.0  # log-odds of a label that cannot be otherwise


class PseudoLikelihood(nn.Module):
    """−Σ over known i of log P(y_i | known others), summed over images.

    A label that a known partner forces has no information and is left out. An exactly-one group is
    one site, softmax over its members: no member can change alone, so that its own term would be 0
    and teach nothing (as `PairwiseField.pseudo_log_likelihood`). So is a group that breaks its
    rule, as tags of images mixed into one do.

    Args:
        num_classes: L.
        rules: Over the L labels.

    Shapes:
        conditionals (B, L): u_i + Σ_j W_ij (y_j − μ_j) over known neighbours j; targets (B, L) of
        0 and 1, known (B, L).
    """

    excludes: Tensor
    implies: Tensor
    is_single: Tensor

    def __init__(self, num_classes: int, rules: Rules) -> None:
        super().__init__()
        excludes, implies = torch.zeros(2, num_classes, num_classes)
        for group in rules.exclusive:
            excludes[torch.tensor(group)[:, None], torch.tensor(group)] = 1
        for source, target in rules.implies:
            implies[source, target] = 1
        is_single = torch.ones(num_classes, dtype=torch.bool)
        self.groups: list[list[int]] = []
        for group in rules.exactly_one:
            if is_single[list(group)].all():  # one that overlaps another adds no second site
                is_single[list(group)] = False
                self.groups.append(list(group))
        self.register_buffer("excludes", excludes.fill_diagonal_(0), persistent=False)
        self.register_buffer("implies", implies, persistent=False)
        self.register_buffer("is_single", is_single, persistent=False)

    def forward(self, conditionals: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """The sum, () fp32."""
        yes, no = known & (targets > 0.5), known & (targets < 0.5)
        forced_yes, forced_no = self._forced(yes, no)
        scores = torch.where(forced_no, float("-inf"), conditionals)
        cells = softplus(conditionals) - targets * conditionals
        free = known & self.is_single & ~forced_no & ~forced_yes
        total = torch.where(free, cells, 0.0).sum()
        for group in self.groups:
            total = total + _choice(scores[:, group], yes[:, group], no[:, group])
        return total

    def forced(self, unaries: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """(B, L) log-odds, of unknown labels that a known partner forces ±∞ in effect."""
        yes, no = known & (targets > 0.5), known & (targets < 0.5)
        forced_yes, forced_no = self._forced(yes, no)
        resolved = torch.where(forced_yes, CERTAIN, torch.where(forced_no, -CERTAIN, unaries))
        return torch.where(known, unaries, resolved)

    def _forced(self, yes: Tensor, no: Tensor) -> tuple[Tensor, Tensor]:
        forced_no = yes.float() @ self.excludes + no.float() @ self.implies.T > 0
        return yes.float() @ self.implies > 0, forced_no


def _choice(scores: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    """−Σ log-probability of what is known of one group, (B, n) each."""
    agrees = torch.where(yes.any(1, keepdim=True), yes, ~no)
    possible = torch.where(agrees, scores, float("-inf"))
    rows = (yes.sum(1) <= 1) & (possible > float("-inf")).any(1)
    return (scores[rows].logsumexp(1) - possible[rows].logsumexp(1)).sum()

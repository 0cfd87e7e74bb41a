"""Couplings between labels, learnt beside a tags loss."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from polyhead.errors import ConfigError
from polyhead.field import PairwiseField, Rules
from polyhead.field.low_rank import ruled_pairs
from polyhead.field.states import legal_states
from polyhead.losses.loss import LabelCounts
from polyhead.losses.option_rules import require
from polyhead.losses.tags.bce import Bce
from polyhead.losses.tags.low_rank import LowRank
from polyhead.losses.tags.pseudo_likelihood import PseudoLikelihood
from polyhead.losses.tags.tags_loss import TagsLoss

GAIN = 10.0  # couplings a unit of their parameter: they are of size 1, and steps are small
L2 = 1e-3
MAX_RANK = 8


class Pairwise(TagsLoss):
    """A pairwise random field over the labels, with a loss's log-odds u(x) as its unaries.

    p(y|x) ∝ exp(Σ_i u_i y_i + Σ_{i<j} W_ij (y_i−μ_i)(y_j−μ_j)), W = 0 at the start, which is the
    independent model. `pseudo` adds, for each known label, the cross-entropy of its conditional
    σ(u_i + Σ_j W_ij (y_j−μ_j)), unknown neighbours contributing 0 (Besag 1975); `exact` the
    negative log-likelihood over the legal states, unknown labels, of log-odds logit μ, summed out.
    Labels that a rule joins have no coupling: it could not be told from their unaries.

    With a rank R, couplings depend on the picture: W(x) = W + Σ_{r≤R} α_r(x) a_r a_rᵀ, but for the
    diagonal and pairs that a rule joins. α = tanh z of R more outputs z of the head, so a_ri a_rj
    is the most that W_ij changes by.

    Plain `bce` is replaced by it, so that head and couplings are learnt jointly. Any other loss
    keeps training the head, and the field learns couplings, scale and shift of the log-odds that
    the loss's inverse link gives.

    Args:
        base: The loss that the head is trained by.
        counts: Of the training part.
        rules: Which states are legal. Rows that break them teach `exact` nothing.
        objective: `pseudo`, or `exact` for few legal states (at most 2^14).
        l1: Weight of Σ|W_ij|, which leaves few couplings; of Σ|a_ri a_rj| too.
        rank: R, up to 8; 0 is the same W for all pictures.

    Raises:
        ConfigError: Too many legal states for `exact`.

    Shapes:
        logits (B, L + R); targets, known (B, L).
    """

    means: Tensor
    states: Tensor
    places: Tensor

    def __init__(
        self,
        base: TagsLoss,
        counts: LabelCounts,
        rules: Rules,
        *,
        objective: Literal["pseudo", "exact"] = "pseudo",
        l1: float = 0.0,
        rank: int = 0,
    ) -> None:
        num_classes = len(counts.prior)
        super().__init__(num_classes)
        require(l1 >= 0, "l1", "at least 0", l1)
        require(0 <= rank <= MAX_RANK, "rank", f"in [0, {MAX_RANK}]", rank)
        self.base, self.objective, self.l1 = base, objective, l1
        self.is_joint = isinstance(base, Bce) and not base.is_weighted
        ruled = torch.from_numpy(ruled_pairs(num_classes, rules))
        self.register_buffer("places", (~ruled).triu(1).nonzero().T, persistent=False)
        self.edges = nn.Parameter(torch.zeros(self.places.shape[1]))
        self.low_rank = LowRank(rank, ruled) if rank else None
        if not self.is_joint:
            self.stretch = nn.Parameter(torch.ones(num_classes))
            self.offset = nn.Parameter(torch.zeros(num_classes))
        self.register_buffer("means", torch.from_numpy(counts.prior).float())
        states = _legal_states(num_classes, rules) if objective == "exact" else np.zeros((0, 0))
        self.register_buffer("states", torch.from_numpy(states).float(), persistent=False)
        self.pseudo_likelihood = PseudoLikelihood(num_classes, rules)

    @property
    def couplings(self) -> Tensor:
        """(L, L) W: symmetric, zero on the diagonal."""
        size = len(self.means)
        upper = self.edges.new_zeros(size, size)
        upper = upper.index_put((self.places[0], self.places[1]), GAIN * self.edges)
        return upper + upper.T

    def field(self, rules: Rules) -> PairwiseField:
        """The field as learnt so far, for inference without PyTorch."""
        couplings = self.couplings.detach().cpu().double().numpy()
        directions = None if self.low_rank is None else self.low_rank.to_numpy()
        return PairwiseField(couplings, self.means.cpu().double().numpy(), rules, directions)

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """Sum over known cells; the head's own loss added unless the field replaces it."""
        logits, gates = self._split(logits)
        u = self.log_odds(torch.where(known, logits.float(), 0.0))
        # At log-odds of 0 an unknown label would be yes half the time, and pull its neighbours.
        u = torch.where(known, u, torch.logit(self.means))
        y = torch.where(known, targets.float(), self.means)
        gates = torch.where(known.any(1, keepdim=True), gates.float(), 0.0).tanh()
        likelihood = self._exact if self.objective == "exact" else self._pseudo
        num_known = known.sum()
        own = likelihood(u, gates, y, known) + self._penalty() * num_known / len(self.means)
        if self.is_joint:
            return own
        share = self.base.count(targets, known) / num_known.clamp_min(1)
        return self.base(logits, targets, known) + own * share

    def _split(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """What the head says of the labels (B, L), and of the gates (B, R)."""
        return logits[:, : len(self.means)], logits[:, len(self.means) :]

    def _penalty(self) -> Tensor:
        weights = GAIN * self.edges
        penalty = L2 * weights.square().sum() + self.l1 * weights.abs().sum()
        return penalty if self.low_rank is None else penalty + self.low_rank.penalty(L2, self.l1)

    def _pseudo(self, u: Tensor, gates: Tensor, y: Tensor, known: Tensor) -> Tensor:
        conditionals = u + (y - self.means) @ self.couplings
        if self.low_rank is not None:
            conditionals = conditionals + self.low_rank.pull(y - self.means, gates)
        return self.pseudo_likelihood(conditionals, y, known)

    def _exact(self, u: Tensor, gates: Tensor, y: Tensor, known: Tensor) -> Tensor:
        centred = self.states - self.means
        energy = 0.5 * ((centred @ self.couplings) * centred).sum(1)
        scores = u @ self.states.T + energy
        if self.low_rank is not None:
            scores = scores + gates @ self.low_rank.energies(centred)
        wrong = torch.where(known, 1 - y, 0.0) @ self.states.T
        missed = torch.where(known, y, 0.0) @ (1 - self.states).T
        agrees = wrong + missed < 0.5
        rows = known.any(1) & agrees.any(1)  # tags of pictures mixed into one may break a rule
        agreeing = scores.masked_fill(~agrees, float("-inf"))[rows]
        return (scores[rows].logsumexp(1) - agreeing.logsumexp(1)).sum()

    def count(self, targets: Tensor, known: Tensor) -> Tensor:
        """As the head's own loss; known cells where the field replaces it."""
        return known.sum() if self.is_joint else self.base.count(targets, known)

    def log_odds(self, logits: Tensor) -> Tensor:
        """The unaries u(x)."""
        meant = self.base.log_odds(self._split(logits)[0])
        return meant if self.is_joint else self.stretch * meant.detach() + self.offset

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """As of any tags loss; with a rank, `gates` α (B, R) in fp32 besides."""
        found = super().dense(logits)
        if self.low_rank is None:
            return found
        return found | {"gates": self._split(logits)[1].float().tanh()}

    def progress(self, share: float) -> None:
        """Told to the head's own loss."""
        self.base.progress(share)

    def start(self) -> Tensor:
        """As the head's own loss; gates start at 0."""
        own = self.base.start()
        return own if self.low_rank is None else torch.cat([own, self.low_rank.start()])


def _legal_states(num_classes: int, rules: Rules) -> np.ndarray:
    states = legal_states(num_classes, rules)
    if states is None:
        raise ConfigError(
            f"field objective exact: {num_classes} labels have more legal states than can be "
            "listed; expected at most 16,384; use objective pseudo."
        )
    return states.astype(np.float32)

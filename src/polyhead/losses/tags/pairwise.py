"""Couplings between labels, learnt beside a tags loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor, nn

from polyhead.errors import ConfigError
from polyhead.field import PairwiseField, Rules
from polyhead.field.halves import Halves
from polyhead.field.low_rank import ruled_pairs
from polyhead.field.states import legal_states
from polyhead.losses.loss import StepLoss
from polyhead.losses.option_rules import require
from polyhead.losses.tags.half_sums import HalfSums
from polyhead.losses.tags.low_rank import LowRank
from polyhead.losses.tags.pseudo_likelihood import PseudoLikelihood
from polyhead.losses.tags.tags_loss import TagsLoss
from polyhead.losses.tags.unknown_neighbours import unknown_pull
from polyhead.tasks.statistics import LabelCounts

if TYPE_CHECKING:
    from polyhead.tasks.tags.decider import TagsDecider
    from polyhead.tasks.tags.meter import TagsTaskMeter

GAIN = 10.0  # couplings a unit of their parameter: they are of size 1, and steps are small
L2 = 1e-3
MAX_RANK = 8
MAX_PAIRS = 2**20  # of half sets to sum over in a step: 20 labels without rules
LARGEST = 1e4  # of a log-odd that is not trained: larger ones would drown what is


class Pairwise(TagsLoss, StepLoss):
    """A pairwise random field over the labels, with a loss's log-odds u(x) as its unaries.

    p(y|x) ∝ exp(Σ_i u_i y_i + Σ_{i<j} W_ij (y_i−μ_i)(y_j−μ_j)), W = 0 at the start, which is the
    independent model. `pseudo` adds, for each known label, the cross-entropy of its conditional
    σ(u_i + Σ_j W_ij (y_j−μ_j)) (Besag 1975); `exact` the negative log-likelihood over the legal
    states. Labels that a rule joins have no coupling: beside their unaries it is not
    identifiable.

    Unknown labels are summed out, of the head's own log-odds without gradient: what they are likely
    to be explains part of the known ones. `pseudo` does so exactly while legal states are few (all
    those of 20 labels, of 14 with a rank), else one unknown neighbour at a time.

    With a rank R, couplings depend on the image: W(x) = W + Σ_{r≤R} α_r(x) a_r a_rᵀ, but for the
    diagonal and pairs that a rule joins. α = tanh z of R more outputs z of the head, so a_ri a_rj
    is the most that W_ij changes by.

    Plain `bce` is replaced by it, so that head and couplings are learnt jointly. Any other loss
    keeps training the head, and the field learns couplings, scale and shift of the log-odds of
    the loss's inverse link.

    Args:
        base: The loss that the head is trained by.
        counts: Of the training part.
        rules: Which states are legal. Rows that break them teach `exact` nothing.
        objective: `pseudo`, or `exact` for few legal states (at most 2^14).
        l1: Weight of Σ|W_ij|, which leaves few couplings; of Σ|a_ri a_rj| too.
        rank: R, up to 8; 0 is the same W for all images.

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
        self.joins_images = base.joins_images
        self.is_joint = base.is_likelihood
        ruled = torch.from_numpy(ruled_pairs(num_classes, rules))
        self.register_buffer("places", (~ruled).triu(1).nonzero().T, persistent=False)
        self.edges = nn.Parameter(torch.zeros(self.places.shape[1]))
        self.low_rank = LowRank(rank, ruled) if rank else None
        if not self.is_joint:
            self.stretch = nn.Parameter(torch.ones(num_classes))
            self.offset = nn.Parameter(torch.zeros(num_classes))
        self.register_buffer("means", torch.from_numpy(counts.prior).float())
        states = _legal_states(num_classes, rules) if objective == "exact" else None
        if objective == "pseudo" and rank:
            states = legal_states(num_classes, rules)
        listed = np.zeros((0, 0)) if states is None else states
        self.register_buffer("states", torch.from_numpy(listed).float(), persistent=False)
        halves = None if objective == "exact" or rank else Halves.of(num_classes, rules, MAX_PAIRS)
        self.half_sums = None if halves is None else HalfSums(halves)
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

    @property
    def image_factor(self) -> float:
        """L where the field replaces the head's own loss; else that loss's."""
        return float(len(self.means)) if self.is_joint else self.base.image_factor

    def step_totals(self, targets: Tensor, known: Tensor) -> Tensor:
        """The number of terms of the head's own loss, and of known cells."""
        return torch.stack([self.num_terms(targets, known), known.sum()])

    def forward(
        self, logits: Tensor, targets: Tensor, known: Tensor, totals: Tensor | None = None
    ) -> Tensor:
        """Sum over known cells; the head's own loss added unless the field replaces it."""
        count, num_known = self.step_totals(targets, known) if totals is None else totals
        logits, gates = self._split(logits)
        u = self._unaries(logits, known)
        y = torch.where(known, targets.float(), self.means)
        gates = torch.where(known.any(1, keepdim=True), gates.float(), 0.0).tanh()
        own = self._penalty() * known.sum() / len(self.means)
        is_whole, is_part = known.all(1), known.any(1) & ~known.all(1)
        if self.objective == "exact":
            is_whole, is_part = is_whole & False, known.any(1)
        # A sum over no image still has the gradient 0 of every parameter.
        own = own + self._pseudo(u[is_whole], gates[is_whole], y[is_whole], known[is_whole])
        if is_part.any():
            own = own + self._summed_out(u[is_part], gates[is_part], y[is_part], known[is_part])
        if self.is_joint:
            return own
        return self.base(logits, targets, known) + own * count / num_known.clamp_min(1)

    def _split(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The head's outputs for the labels (B, L) and for the gates (B, R)."""
        return logits[:, : len(self.means)], logits[:, len(self.means) :]

    def _penalty(self) -> Tensor:
        weights = GAIN * self.edges
        penalty = L2 * weights.square().sum() + self.l1 * weights.abs().sum()
        return penalty if self.low_rank is None else penalty + self.low_rank.penalty(L2, self.l1)

    def _unaries(self, logits: Tensor, known: Tensor) -> Tensor:
        """(B, L) u, without gradient where unknown; there logit μ for what is no finite number."""
        has = known | torch.isfinite(logits)
        filled = torch.where(
            known, logits.float(), logits.detach().float().clamp(-LARGEST, LARGEST)
        )
        u = self.log_odds(torch.where(has, filled, 0.0))
        return torch.where(known, u, torch.where(has, u.detach(), torch.logit(self.means)))

    def _pseudo(self, u: Tensor, gates: Tensor, y: Tensor, known: Tensor) -> Tensor:
        conditionals = u + (y - self.means) @ self.couplings
        if self.low_rank is not None:
            conditionals = conditionals + self.low_rank.pull(y - self.means, gates)
        return self.pseudo_likelihood(conditionals, y, known)

    def _summed_out(self, u: Tensor, gates: Tensor, y: Tensor, known: Tensor) -> Tensor:
        """−Σ log-likelihood of the known labels, exactly where that can be done."""
        if self.half_sums is not None:
            return self.half_sums(u, y, known, self.couplings, self.means)
        if len(self.states):
            return self._exact(u, gates, y, known)
        couplings = self.couplings
        if self.low_rank is not None:
            couplings = couplings + self.low_rank.couplings(gates)
        likely = self.pseudo_likelihood.forced(u, y, known)
        pull = unknown_pull(likely, y, known, couplings, self.means)
        return self._pseudo(u + pull, gates, y, known)

    def _exact(self, u: Tensor, gates: Tensor, y: Tensor, known: Tensor) -> Tensor:
        centred = self.states - self.means
        energy = 0.5 * ((centred @ self.couplings) * centred).sum(1)
        scores = u @ self.states.T + energy
        if self.low_rank is not None:
            scores = scores + gates @ self.low_rank.energies(centred)
        wrong = torch.where(known, 1 - y, 0.0) @ self.states.T
        missed = torch.where(known, y, 0.0) @ (1 - self.states).T
        agrees = wrong + missed < 0.5
        rows = agrees.any(1)  # tags of images mixed into one may break a rule
        agreeing = scores.masked_fill(~agrees, float("-inf"))[rows]
        return (scores[rows].logsumexp(1) - agreeing.logsumexp(1)).sum()

    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:
        """The terms of the head's own loss; known cells where the field replaces it."""
        return known.sum() if self.is_joint else self.base.num_terms(targets, known)

    def log_odds(self, logits: Tensor) -> Tensor:
        """The unaries u(x)."""
        meant = self.base.log_odds(self._split(logits)[0])
        return meant if self.is_joint else self.stretch * meant.detach() + self.offset

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`logits` and `probabilities`; with a rank also `gates` α (B, R) in fp32."""
        found = super().dense(logits)
        if self.low_rank is None:
            return found
        return found | {"gates": self._split(logits)[1].float().tanh()}

    def undo_sampling(self, labels: np.ndarray, expected: np.ndarray) -> None:
        """Nothing: how a sampler shifts couplings is left to the calibration on validation."""

    def calibrate_by(self, meter: TagsTaskMeter) -> list[str]:
        """Keep the couplings or switch them off, then fit scale and shift."""
        gain = meter.couple(self.field(meter.rules))
        switch = "kept" if gain.is_sure else "switched off"
        return [f"the field is {switch}: {gain}", *super().calibrate_by(meter)]

    def scoring_decider(self, decider: TagsDecider) -> TagsDecider:
        """The decider with the couplings learnt so far.

        An epoch is then judged by what its weights will answer with: the log-odds of a field are
        those of no label by itself. A field too large for exact marginals is left out, whose belief
        propagation would take seconds a thousand images.
        """
        found, field = decider.for_scoring(), self.field(decider.rules)
        return found.with_field(field) if field.is_exact else found

    def set_progress(self, share: float) -> None:
        """Passed on to the head's own loss."""
        self.base.set_progress(share)

    def initial_logits(self) -> Tensor:
        """Logits of the head's own loss; gates start at 0."""
        own = self.base.initial_logits()
        return own if self.low_rank is None else torch.cat([own, self.low_rank.initial_logits()])


def _legal_states(num_classes: int, rules: Rules) -> np.ndarray:
    states = legal_states(num_classes, rules)
    if states is None:
        raise ConfigError(
            f"field objective exact: {num_classes} labels have more legal states than can be "
            "listed; expected at most 16,384; use objective pseudo."
        )
    return states.astype(np.float32)

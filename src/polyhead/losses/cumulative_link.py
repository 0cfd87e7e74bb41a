"""Proportional-odds likelihood of grades in an order."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from polyhead.losses.loss import ProbabilityLoss
from polyhead.losses.precision import full_precision
from polyhead.losses.sampled_shares import class_shift
from polyhead.tasks.statistics import LabelCounts

if TYPE_CHECKING:
    from polyhead.tasks.ordinal.decider import OrdinalTaskMeter

GAIN = 10.0  # gap a unit of its parameter, whose steps are small
LEAST_GAP = 1e-6


class CumulativeLink(ProbabilityLoss):
    """−log P(y), where P(y ≤ k) = σ(θ_k − f) with one score f per image and ascending cutpoints θ.

    θ_k = θ_{k−1} + softplus(δ_k), so that they stay in order whatever is learnt; δ is learnt with
    the network, θ_0 stays where the training part has it, since the bias of f can move them all.
    An interior grade has P(y = k) = σ(θ_k − f)·σ(f − θ_{k−1})·(1 − e^{θ_{k−1} − θ_k}), a product
    whose logarithm cancels nowhere. Source: McCullagh, *Regression models for ordinal data*, 1980.

    It is a likelihood, in nats per image as cross-entropy is, and its probabilities are those of
    the grades. CORAL (Cao, Mirjalili, Raschka, 2020) has the same f and θ but sums K−1 binary
    losses, which weigh an image by the number of grades and are no likelihood of the grade; CORN
    (Shi, Cao, Raschka, 2021) needs K−1 outputs, each learnt from fewer images than the one before.

    The probability undoes the shares π′ that a sampler showed instead of π, at a temperature:
    q ∝ (p · π/π′)^(1/T). T is 1 until `calibrate` sets what was fitted on validation.

    Args:
        counts: Of the training part, the lowest of the K grades first.

    Shapes:
        logits (B, 1); targets, known (B,).
    """

    task_type = "ordinal"
    neutral_calibration = MappingProxyType({"temperature": 1.0})
    first: Tensor
    temperature: Tensor
    shown: Tensor

    def __init__(self, counts: LabelCounts) -> None:
        super().__init__()
        shares = counts.prior / counts.prior.sum()
        up_to = np.cumsum(shares)[:-1]
        cutpoints = np.log(up_to) - np.log1p(-up_to)
        gaps = np.maximum(np.diff(cutpoints), 2 * LEAST_GAP) - LEAST_GAP
        raw = np.log(np.expm1(gaps))  # the inverse of softplus
        self.raw_gaps = nn.Parameter(torch.from_numpy(raw / GAIN).float())
        self.register_buffer("first", torch.tensor(float(cutpoints[0])))
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("shown", torch.zeros(len(shares)))

    @property
    def gaps(self) -> Tensor:
        """(K−2,) θ_k − θ_{k−1}, all above 0."""
        return functional.softplus(GAIN * self.raw_gaps) + LEAST_GAP

    @property
    def cutpoints(self) -> Tensor:
        """(K−1,) θ, ascending."""
        return torch.cat([self.first[None], self.first + self.gaps.cumsum(0)])

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """Sum over known rows."""
        scores = torch.where(known[:, None], full_precision(logits), 0.0)
        y = torch.where(known, targets, 0).long()
        rows = self.log_likelihoods(scores).gather(1, y[:, None])[:, 0]
        return -torch.where(known, rows, 0.0).sum()

    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002
        """Known rows."""
        return known.sum()

    def log_likelihoods(self, scores: Tensor) -> Tensor:
        """(B, K) log P(y = k) of scores (B, 1)."""
        above = self.cutpoints - scores
        edge = torch.zeros_like(scores)  # P(y ≤ K−1) = P(y > −1) = 1
        at_most = torch.cat([functional.logsigmoid(above), edge], 1)
        at_least = torch.cat([edge, functional.logsigmoid(-above)], 1)
        between = torch.log(-torch.expm1(-self.gaps))
        return at_most + at_least + functional.pad(between, (1, 1))

    def link(self, logits: Tensor) -> Tensor:
        """Probabilities of the grades, with a sampler's shares undone, at the temperature."""
        log_shares = self.log_likelihoods(full_precision(logits)) - self.shown
        return torch.softmax(log_shares / self.temperature, -1)

    def dense(self, logits: Tensor) -> dict[str, Tensor]:
        """`probabilities` (B, K)."""
        return {"probabilities": self.link(logits)}

    def undo_sampling(self, labels: np.ndarray, expected: np.ndarray) -> None:
        """Keep ln(π′/π): exact where rows are drawn by the grade alone."""
        self.shown.copy_(torch.from_numpy(class_shift(labels, expected)))

    def calibrate(self, temperature: float) -> None:
        """Set T."""
        self.temperature.fill_(temperature)

    def calibrate_by(self, meter: OrdinalTaskMeter) -> list[str]:
        """Fit T."""
        self.calibrate(meter.calibrate())
        return []

    def initial_logits(self) -> Tensor:
        """Zero, where the cutpoints have the training part's shares."""
        return torch.zeros(1)

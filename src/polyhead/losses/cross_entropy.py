"""Categorical cross-entropy."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from polyhead.losses.loss import ProbabilityLoss
from polyhead.losses.option_rules import require
from polyhead.losses.sampled_shares import class_shift
from polyhead.tasks.statistics import LabelCounts

if TYPE_CHECKING:
    from polyhead.tasks.single_class.decider import ClassTaskMeter

TINY = 1e-6  # where smoothing leaves a share below its floor: no probability is exactly 0


class CrossEntropy(ProbabilityLoss):
    """Softmax cross-entropy of the known class: −w_y·Σ_k t_k·log softmax(z)_k.

    t is one-hot, or (1−ε)·one-hot + ε/K with label smoothing ε. The count is Σ w_y, as in
    PyTorch. The probability undoes both, and the shares π′ that a sampler showed instead of π, at a
    temperature: q ∝ ((softmax(z) − ε/K)₊/w · π/π′)^(1/T). T is 1 until `calibrate` sets what was
    fitted on validation. Source of the shares: Saerens et al., *Adjusting the outputs of a
    classifier to new a priori probabilities*, 2002.

    Args:
        counts: Of the training part.
        label_smoothing: ε in [0, 1).
        class_weights: `auto` weighs each class by the inverse of its share, mean 1.

    Shapes:
        logits (B, K); targets, known (B,).
    """

    task_type = "class"
    reads_log_posterior = True
    neutral_calibration = MappingProxyType({"temperature": 1.0})
    weight: Tensor
    temperature: Tensor
    shown: Tensor

    def __init__(
        self,
        counts: LabelCounts,
        *,
        label_smoothing: float = 0.0,
        class_weights: Literal["none", "auto"] = "none",
    ) -> None:
        super().__init__()
        require(0 <= label_smoothing < 1, "label_smoothing", "in [0, 1)", label_smoothing)
        self.label_smoothing = label_smoothing
        prior = torch.from_numpy(counts.prior).float()
        weight = 1 / prior if class_weights == "auto" else torch.ones_like(prior)
        self.register_buffer("weight", weight / weight.mean())
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("shown", torch.zeros(len(prior)))
        self._prior = prior / prior.sum()

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """Weighted sum over known rows."""
        z = torch.where(known[:, None], logits.float(), 0.0)
        y = torch.where(known, targets, 0).long()
        rows = functional.cross_entropy(
            z, y, reduction="none", label_smoothing=self.label_smoothing
        )
        return torch.where(known, self.weight[y] * rows, 0.0).sum()

    def num_terms(self, targets: Tensor, known: Tensor) -> Tensor:
        """Sum of the class weights of known rows."""
        return torch.where(known, self.weight[torch.where(known, targets, 0).long()], 0.0).sum()

    def link(self, logits: Tensor) -> Tensor:
        """Softmax, with smoothing and class weights undone, at the temperature."""
        log_shares = torch.log_softmax(logits.float(), -1)
        if self.label_smoothing:
            floor = self.label_smoothing / log_shares.shape[-1]
            shares = (log_shares.exp() - floor).clamp_min(TINY / log_shares.shape[-1])
            log_shares = shares.log()
        log_shares = log_shares - self.weight.log() - self.shown
        return torch.softmax(log_shares / self.temperature, -1)

    def undo_sampling(self, labels: np.ndarray, expected: np.ndarray) -> None:
        """Keep ln(π′/π): exact where rows are drawn by the class alone."""
        self.shown.copy_(torch.from_numpy(class_shift(labels, expected)))

    def calibrate(self, temperature: float) -> None:
        """Set T."""
        self.temperature.fill_(temperature)

    def calibrate_by(self, meter: ClassTaskMeter) -> list[str]:
        """Fit T."""
        self.calibrate(meter.calibrate())
        return []

    def initial_logits(self) -> Tensor:
        """log((1−ε)·q + ε/K) with q ∝ prior · w, which `link` takes back to the prior."""
        shares = self._prior * self.weight.cpu()
        shares = (1 - self.label_smoothing) * shares / shares.sum()
        return (shares + self.label_smoothing / len(shares)).log()

"""The naive-Bayes head."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from polyhead.heads.closed_form_head import ClosedFormHead
from polyhead.heads.gaussian_statistics import GaussianStatistics


class NaiveBayes(ClosedFormHead):
    """Class-conditional Gaussians on the pooled features, fitted in one pass without gradients.

    x | y_c=a ~ N(μ_ca, diag v_c), so that the posterior log-odds is linear in the features:
    z_c = w_c·(x−m) + b_c with w=(μ₁−μ₀)/v. For class w_j=μ_j/v, and the softmax of z is the
    posterior. Each feature counts as evidence of its own: correlated features make it too sure,
    which the calibration on validation takes back. An output of which only one side was seen
    answers its smoothed prior.

    Args:
        num_features: D.
        num_outputs: L.
        floor: Added to every variance, as a share of the mean variance of the features.

    Shapes:
        (B, D, H', W') -> (B, L).
    """

    task_types = ("tags", "class")
    weight: Tensor
    bias: Tensor
    middle: Tensor

    def __init__(self, num_features: int, num_outputs: int, *, floor: float = 1e-3) -> None:
        super().__init__()
        if not floor > 0:
            raise ValueError(
                f"Parameter `floor` should be strictly positive. Found `floor = {floor}`."
            )
        self.floor = floor
        self.register_buffer("weight", torch.zeros(num_outputs, num_features))
        self.register_buffer("bias", torch.zeros(num_outputs))
        self.register_buffer("middle", torch.zeros(num_features))
        self._statistics: GaussianStatistics | None = None

    def forward(self, features: Tensor) -> Tensor:
        """Posterior log-odds, or log-probabilities of classes up to a constant."""
        pooled = features.detach().mean((2, 3)) - self.middle
        return functional.linear(pooled, self.weight, self.bias)

    @torch.no_grad()
    def observe(self, features: Tensor, targets: Tensor, known: Tensor) -> None:
        """Add one batch to the statistics, on the CPU: not every device has float64."""
        pooled = features.double().mean((2, 3)) if features.is_cpu else features.mean((2, 3)).cpu()
        if self._statistics is None:
            exclusive = targets.ndim == 1
            self._statistics = GaussianStatistics(pooled, len(self.bias), exclusive=exclusive)
        self._statistics.add(pooled, targets.cpu(), known.cpu())

    def fit(self) -> None:
        """Compute w and b, and discard the statistics."""
        if self._statistics is None:
            raise ValueError("Nothing was observed: call `observe` before `fit`.")
        weight, bias = self._statistics.posterior(self.floor)
        fitted = {"weight": weight, "bias": bias, "middle": self._statistics.shift}
        for name, buffer in self.named_buffers():
            buffer.copy_(fitted[name].to(buffer.dtype))  # before it goes to its device
        self._statistics = None

    def start_at(self, logits: Tensor) -> None:
        """Answer the class priors until it is fitted."""
        self.weight.zero_()
        self.bias.copy_(logits)

    def extra_repr(self) -> str:
        """Sizes and floor."""
        num_outputs, num_features = self.weight.shape
        return f"{num_features}, {num_outputs}, floor={self.floor}"

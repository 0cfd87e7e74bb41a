"""The head with class-specific residual attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from polyhead.heads.head import Head

MAXIMUM = 99  # the temperature that means attending to the strongest place alone
TEMPERATURES = {
    1: (1,),
    2: (1, MAXIMUM),
    4: (1, 2, 4, MAXIMUM),
    6: (1, 2, 3, 4, 5, MAXIMUM),
    8: (1, 2, 3, 4, 5, 6, 7, MAXIMUM),
}
EPSILON = 1e-6  # a row of zeros has no direction


class Csra(Head):
    """Every label attends to its own places: z = e^g·Σ_h (mean(s) + λ·Σ softmax(T_h·s)·s) + b.

    s = W_h·F/(‖W_h‖+ε) at each place, one row of W a label and head. T = 1; 1, max; 1, 2, 4, max;
    and so on.
    Source: Zhu and Wu, *Residual attention: a simple but effective method for multi-label
    recognition*, 2021. The bias b and the gain g, which start at 0, are added: without them neither
    rare labels nor small features can be answered with confidence.

    Args:
        num_features: D.
        num_outputs: L.
        num_heads: 1, 2, 4, 6 or 8.
        lam: λ, the share of attention beside the mean; .1 to .5 in the source.

    Shapes:
        (B, D, H', W') -> (B, L).
    """

    class_layers = ("outputs",)

    def __init__(
        self, num_features: int, num_outputs: int, *, num_heads: int = 1, lam: float = 0.1
    ) -> None:
        super().__init__()
        if num_heads not in TEMPERATURES:
            raise ValueError(
                f"Parameter `num_heads` should be one of {', '.join(map(str, TEMPERATURES))}. "
                f"Found `num_heads = {num_heads}`."
            )
        if not 0 <= lam < float("inf"):
            raise ValueError(f"Parameter `lam` should be at least 0. Found `lam = {lam}`.")
        self.num_heads, self.lam = num_heads, lam
        directions = torch.randn(num_outputs, num_heads, num_features)
        # Rows that sum to 0 do not see what all features have in common: logits start near b.
        directions = directions - directions.mean(-1, keepdim=True)
        length = torch.linalg.vector_norm(directions, dim=-1, keepdim=True)
        self.outputs = nn.ParameterDict(
            {
                "weight": nn.Parameter(directions / (length + EPSILON)),
                "gain": nn.Parameter(torch.zeros(num_outputs)),
                "bias": nn.Parameter(torch.zeros(num_outputs)),
            }
        )

    def forward(self, features: Tensor) -> Tensor:
        """Logits."""
        scores = self._scores(features)
        total = torch.stack(
            [
                _attend(scores[:, :, head], temperature, self.lam)
                for head, temperature in enumerate(TEMPERATURES[self.num_heads])
            ]
        ).sum(0)
        logits = total * self.outputs["gain"].exp() + self.outputs["bias"]
        return logits.to(scores.dtype)

    def maps(self, features: Tensor) -> Tensor:
        """The logits of each place, as if the image were nothing else.

        Args:
            features: (B, D, H', W').

        Returns:
            (B, L, H', W').
        """
        scores = self._scores(features).sum(2) * (1 + self.lam)
        scores = scores.unflatten(-1, features.shape[-2:])
        gain, bias = (self.outputs[name][:, None, None] for name in ("gain", "bias"))
        return (scores * gain.exp() + bias).to(features.dtype)

    def start_at(self, logits: Tensor) -> None:
        """Start from the class priors."""
        with torch.no_grad():
            self.outputs["bias"].copy_(logits)

    def extra_repr(self) -> str:
        """Options."""
        return f"num_heads={self.num_heads}, lam={self.lam}"

    def _scores(self, features: Tensor) -> Tensor:
        """(B, L, H, H'·W') products with the normalised rows of every head."""
        weight = self.outputs["weight"]
        length = torch.linalg.vector_norm(weight, dim=-1, keepdim=True)
        rows = (weight / (length + EPSILON)).flatten(0, 1)
        # One product over all places of all images; a view where channels lie innermost.
        scores = functional.linear(features.flatten(2).transpose(1, 2), rows)
        return scores.transpose(1, 2).unflatten(1, (-1, self.num_heads))


def _attend(scores: Tensor, temperature: int, lam: float) -> Tensor:
    """(B, L, places) -> (B, L): the mean, and λ times the mean weighted by attention."""
    if temperature == MAXIMUM:
        attended = scores.amax(-1)
    else:
        attended = (torch.softmax(scores * temperature, -1) * scores).sum(-1)
    return scores.mean(-1) + lam * attended
